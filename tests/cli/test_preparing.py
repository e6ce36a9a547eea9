"""The first start of a store, and every later one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rollout_core.bootstrap import open_room
from rollout_core.bootstrap.app_file import AppFile, read_app_file, remove_app_file, write_app_file
from rollout_core.bootstrap.key_files import proof_of, read_key, read_or_make
from rollout_core.bootstrap.preparing import prepare_store
from rollout_core.errors import StoreError
from rollout_core.settings import Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(read_settings({}), store=tmp_path / "store")


def trail(settings: Settings) -> tuple[str, tuple[str, ...]]:
    room = open_room(settings, events="none")
    try:
        with room.room.control.read() as unit:
            return str(unit.audit.head()), tuple(each.key for each in unit.rollouts.all())
    finally:
        room.close()


def test_the_first_start_sets_the_shipped_plans_up_and_the_second_changes_nothing(settings: Settings) -> None:
    prepare_store(settings)
    first = trail(settings)
    assert first[1] == ("exercise_library", "patient_engagement")
    prepare_store(settings)
    assert trail(settings) == first


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "owner.key"
    key = read_or_make(path, "own_")
    assert read_or_make(path, "own_") == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert read_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_emptied_key_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "owner.key"
    path.touch()
    with pytest.raises(StoreError, match="Delete the file"):
        read_key(path)


def test_only_the_holder_of_the_key_can_answer_a_nonce() -> None:
    assert proof_of("right", "n1") == proof_of("right", "n1")
    assert len({proof_of("right", "n1"), proof_of("right", "n2"), proof_of("wrong", "n1")}) == 3


def test_an_app_removes_only_its_own_announcement(tmp_path: Path, settings: Settings) -> None:
    from datetime import UTC, datetime

    app = AppFile("http://localhost:1", 4711, datetime(2026, 1, 1, tzinfo=UTC))
    write_app_file(tmp_path, app)
    remove_app_file(tmp_path, 4712)
    assert read_app_file(tmp_path) == app
    remove_app_file(tmp_path, 4711)
    assert read_app_file(tmp_path) is None
    (tmp_path / "app.json").write_text("nonsense")
    assert read_app_file(tmp_path) is None
