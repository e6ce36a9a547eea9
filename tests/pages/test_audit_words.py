"""The audit trail says in words what was done to what, over what the real verbs write."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout_core import bootstrap
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.sign_in import offer_link, sign_in_by_link
from rollout_core.errors import RolloutError
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from tests.fakes.control_setting import ADMIN, OPERATOR, Setting
from tests.pages.conftest import open_as, text_of


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    made = Setting(tmp_path)
    made.act("set_person", name="ann", role=Role.ADMIN)
    bootstrap.set_current(ControlRoom(made.room, read_settings({"ROLLOUT_STORE": str(tmp_path)}), "owner", "write"))
    return made


def refused(setting: Setting, verb: str, **fields: Any) -> None:
    with pytest.raises(RolloutError):
        setting.act(verb, OPERATOR, **fields)


def shown(setting: Setting) -> str:
    """The trail's page as it reads."""
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5), "ann")).session.id
    app = open_as("ann", "admin", session, "control/audit_trail.py", **{"audit-who": "ann"})
    assert not app.exception
    return text_of(app).replace("\\", "")


def test_an_autopilot_is_set_from_one_mode_to_another(setting: Setting) -> None:
    setting.running()
    setting.act("set_autopilot", mode="act")
    assert "**Set autopilot** Made: advise → act" in shown(setting)


@pytest.mark.parametrize(("kind", "words"), [("immediate", "one phase back"),
                                             ("full", "all the way to the safe state")])
def test_a_rollback_says_how_far(setting: Setting, kind: str, words: str) -> None:
    setting.running()
    setting.raise_by("advance", reason="the customer waits")
    setting.act("roll_back", kind=kind)
    assert f"**Roll back** Made: {words}" in shown(setting)


def test_an_advance_before_proof_names_what_it_went_over(setting: Setting) -> None:
    setting.running()
    setting.raise_by("advance", reason="the customer waits")
    text = shown(setting)
    assert "Before proof of: Minimum duration, " in text
    assert "Reason: the customer waits" in text


def test_a_refusal_says_to_what_and_why(setting: Setting) -> None:
    setting.running()
    with pytest.raises(RolloutError):
        setting.act("set_percentage", rollout="made", percentage=80.0, revision=1, reason="stale test")
    text = shown(setting)
    assert "**Set percentage** Made: to 80%" in text
    assert "has changed since you looked" in text


def test_a_tick_is_of_an_item_by_its_words(setting: Setting) -> None:
    setting.set_up()
    setting.act("tick_checklist", item="tests")
    assert "**Tick checklist** Made: Tests pass" in shown(setting)


@pytest.mark.parametrize(("fields", "words"), [
    ({"role": Role.OPERATOR}, "vera: role viewer → operator"), ({"active": False}, "vera: may not sign in any more"),
    ({"password": "correct horse battery"}, "vera: password set"), ({}, "vera: as before")])
def test_of_a_person_it_says_what_changed(setting: Setting, fields: dict[str, Any], words: str) -> None:
    setting.act("set_person", name="vera", role=Role.VIEWER)
    setting.act("set_person", name="vera", **fields)
    text = shown(setting)
    assert words in text
    assert "vera: added as viewer" in text


def test_a_refusal_keeps_no_password_and_no_subject(setting: Setting) -> None:
    setting.running()
    refused(setting, "set_person", name="vera", role=Role.ADMIN, password="correct horse battery")
    refused(setting, "set_override", subject="u-17", value=True)
    kept = " ".join(str(each.entry) for each in setting.trail(2))
    assert "vera" in kept
    assert "horse" not in kept
    assert "u-17" not in kept


@pytest.mark.parametrize(("anchor", "words"), [("20:aaaa", "no whole anchor"), ("", "Whole:"),
                                               (f"1:{'a' * 64}", "Not whole")])
def test_a_shortened_anchor_is_told_apart_from_a_broken_trail(setting: Setting, anchor: str, words: str) -> None:
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5), "ann")).session.id
    app = open_as("ann", "admin", session, "control/audit_trail.py")
    app.text_input(key="audit-anchor").set_value(anchor).run()
    app.button(key="audit-verify-go").click().run()
    text = text_of(app)
    assert words in text
    assert ("Keep the files as they are" in text) is (words == "Not whole")
