"""Overrides of single subjects: who may, with what reason, and how little of the subject the trail shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.control.trail import reference
from rollout_core.errors import FlagNotFound, InvalidRequest, NotPermitted, ReasonMissing
from tests.fakes.control_setting import KEY, OPERATOR, Setting


def test_a_subject_is_switched_on_by_an_admin_with_a_reason(setting: Setting) -> None:
    setting.running()
    revision = setting.rollout().revision
    change = setting.act("set_override", subject="u7", value=True, reason="pilot")
    assert change.revision == revision + 1
    override = setting.served().overrides[0]
    assert (override.subject, override.value, override.by, override.reason) == ("u7", True, "ann", "pilot")


def test_the_trail_shows_a_reference_and_the_name_can_be_erased(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", subject="u7", value=True, reason="pilot")
    record = setting.trail(1)[0]
    assert record.entry.subject == reference(setting.room, "user", "u7")
    assert b"u7" not in record.body
    with setting.control.read() as unit:
        assert unit.audit.name_of(record.entry.subject) == ("user", "u7")


def test_switching_on_needs_an_admin_and_a_reason(setting: Setting) -> None:
    setting.running()
    with pytest.raises(NotPermitted):
        setting.act("set_override", OPERATOR, subject="u7", value=True, reason="pilot")
    with pytest.raises(ReasonMissing):
        setting.act("set_override", subject="u7", value=True)


def test_switching_off_needs_neither(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", OPERATOR, subject="u7", value=False)
    assert setting.served().overrides[0].value is False


def test_taking_an_off_away_may_raise_and_needs_an_admin(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", OPERATOR, subject="u7", value=False)
    with pytest.raises(NotPermitted):
        setting.act("set_override", OPERATOR, subject="u7", remove=True)
    setting.act("set_override", subject="u7", remove=True, reason="mended")
    assert setting.served().overrides == ()


def test_taking_an_on_away_lowers(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", subject="u7", value=True, reason="pilot")
    setting.act("set_override", OPERATOR, subject="u7", remove=True)
    assert setting.served().overrides == ()


@pytest.mark.parametrize(("fields", "error"), [
    ({"subject": "u7", "value": True, "flag": "nobody"}, FlagNotFound),
    ({"subject": " ", "value": True}, InvalidRequest), ({"subject": "u7"}, InvalidRequest)])
def test_what_makes_no_sense_is_refused(setting: Setting, fields: dict, error: type[Exception]) -> None:
    setting.running()
    with pytest.raises(error):
        setting.act("set_override", reason="test", **fields)


def test_an_override_cannot_end_before_it_begins(setting: Setting) -> None:
    setting.running()
    pilot = {"subject": "u7", "value": True, "reason": "pilot"}
    with pytest.raises(InvalidRequest):
        setting.act("set_override", until_at=setting.clock.at - timedelta(hours=1), **pilot)
    setting.act("set_override", until_at=setting.clock.at + timedelta(hours=1), **pilot)
    assert setting.served(KEY).overrides[0].until_at is not None
