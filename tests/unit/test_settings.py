"""The environment becomes settings, or a list of everything that is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rollout_core.errors import InvalidRequest
from rollout_core.settings import read_settings


def test_without_a_real_store_the_simulated_one_is_opened(tmp_path: Path) -> None:
    settings = read_settings({}, tmp_path)
    assert settings.store == tmp_path / "data/demo/store"
    assert settings.demo


def test_a_real_store_is_preferred_and_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "data/store").mkdir(parents=True)
    (tmp_path / "data/store/control.sqlite").touch()
    settings = read_settings({}, tmp_path)
    assert settings.store == tmp_path / "data/store"
    assert not settings.demo


def test_the_environment_names_the_store(tmp_path: Path) -> None:
    assert read_settings({"ROLLOUT_STORE": "elsewhere"}, tmp_path).store == tmp_path / "elsewhere"
    assert read_settings({"ROLLOUT_STORE": "/elsewhere"}, tmp_path).store == Path("/elsewhere")


def test_units_are_those_the_names_say(tmp_path: Path) -> None:
    given = {"ROLLOUT_QUEUE_MB": "2", "ROLLOUT_SESSION_HOURS": "3", "ROLLOUT_LINK_MINUTES": "4"}
    settings = read_settings(given, tmp_path)
    assert settings.queue_bytes == 2 * 1024 * 1024
    assert settings.session_lifetime == timedelta(hours=3)
    assert settings.link_lifetime == timedelta(minutes=4)


def test_the_host_of_the_address_people_use_is_allowed_and_its_cookie_needs_tls(tmp_path: Path) -> None:
    settings = read_settings({"ROLLOUT_URL": "https://rollout.example.com/"}, tmp_path)
    assert settings.url == "https://rollout.example.com"
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "rollout.example.com")
    assert settings.secure_cookie
    assert not read_settings({}, tmp_path).secure_cookie


def test_every_unusable_variable_is_named_at_once(tmp_path: Path) -> None:
    wrong = {"ROLLOUT_PORT": "70000", "ROLLOUT_URL": "rollout.example.com", "ROLLOUT_TIMEZONE": "Nowhere/Land",
             "ROLLOUT_QUEUE_MB": "-1", "ROLLOUT_PRINT_LINK": "perhaps"}
    with pytest.raises(InvalidRequest) as raised:
        read_settings(wrong, tmp_path)
    assert {problem.where for problem in raised.value.problems} == set(wrong)


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert read_settings({"ROLLOUT_PORT": " "}, tmp_path).port == 8501


def test_secrets_of_the_environment_are_not_shown(tmp_path: Path) -> None:
    told = repr(read_settings({"PGPASSWORD": "hunter2", "ROLLOUT_TOKEN": "rollout_abc"}, tmp_path))
    assert "hunter2" not in told
    assert "rollout_abc" not in told
