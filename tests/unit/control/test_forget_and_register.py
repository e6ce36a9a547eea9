"""Forgetting a subject, and keeping the event store's mirror of the register in step."""

from __future__ import annotations

import pytest

from rollout_core.control.restore import take_staged_events
from rollout_core.control.sync_register import sync_register
from rollout_core.errors import InvalidRequest, NotPermitted, StoreUnavailable
from rollout_core.ports.control_records import Subject
from tests.fakes.control_setting import OPERATOR, PLANS, Setting
from tests.fakes.registers import has, plan_of


def test_a_forgotten_subject_is_gone_from_register_events_overrides_and_names(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", subject="u7", value=True, reason="pilot")
    reference = setting.trail(1)[0].entry.subject
    change = setting.act("forget", unit="user", subject="u7", reason="asked to")
    assert change.result["removed"] == {"register": 1, "overrides": 1, "names": 1}
    assert setting.served().overrides == ()
    with setting.control.read() as unit:
        assert unit.register.get("user", "u7") is None
        assert all(row.id != "u7" for row in unit.register.changes(0))
        assert unit.audit.name_of(reference) is None
        assert unit.audit.verify().whole
    entry = setting.trail(1)[0].entry
    assert (entry.verb, entry.subject) == ("forget", reference)
    assert b"u7" not in setting.trail(1)[0].body


def test_forgetting_twice_is_harmless_and_an_unknown_subject_too(setting: Setting) -> None:
    setting.running()
    for _ in range(2):
        setting.act("forget", unit="user", subject="u7")
    assert setting.act("forget", unit="user", subject="nobody").result["removed"]["register"] == 0


def test_nothing_is_forgotten_while_the_event_store_is_away(setting: Setting) -> None:
    setting.running()
    setting.events.away = True
    with pytest.raises(StoreUnavailable):
        setting.act("forget", unit="user", subject="u7")
    with setting.control.read() as unit:
        assert unit.register.get("user", "u7") is not None


def test_forgetting_is_an_admins_and_names_unit_and_id(setting: Setting) -> None:
    setting.running()
    with pytest.raises(NotPermitted):
        setting.act("forget", OPERATOR, unit="user", subject="u7")
    with pytest.raises(InvalidRequest):
        setting.act("forget", unit="user", subject=" ")


def test_backups_that_may_still_hold_the_subject_are_listed(setting: Setting) -> None:
    setting.running()
    made = setting.act("backup").result["directory"]
    assert setting.act("forget", unit="user", subject="u7").result["still_in"] == (made,)


def test_the_mirror_gets_what_changed_and_nothing_twice(setting: Setting) -> None:
    setting.register(10, tier="pro")
    assert sync_register(setting.room) == 10
    assert sync_register(setting.room) == 0
    with setting.control.write() as unit:
        unit.register.upsert_many([Subject("user", "u3", {"tier": "basic"})])
        unit.register.remove("user", "u4")
    assert sync_register(setting.room) == 2
    assert setting.events.subjects["user", "u3"] == {"tier": "basic"}
    assert ("user", "u4") not in setting.events.subjects


def test_leaving_the_register_deletes_no_events(setting: Setting) -> None:
    """Only `forget` erases what somebody did."""
    def never(unit: str, subject: str) -> None:
        raise AssertionError(f"{unit} {subject} was erased")
    setting.register(2)
    sync_register(setting.room)
    setting.events.forget = never       # type: ignore[method-assign, assignment]
    with setting.control.write() as unit:
        unit.register.remove("user", "u1")
    assert sync_register(setting.room) == 1
    assert set(setting.events.subjects) == {("user", "u0")}


def test_the_mirror_catches_up_after_the_event_store_was_away(setting: Setting) -> None:
    setting.register(3)
    setting.events.away = True
    with pytest.raises(StoreUnavailable):
        sync_register(setting.room)
    setting.events.away = False
    assert sync_register(setting.room) == 3


def test_a_mirror_that_was_lost_with_its_event_file_is_copied_anew(setting: Setting) -> None:
    setting.running()
    setting.events.subjects.clear()
    assert setting.raise_by("advance").have == 50


def test_after_a_restore_took_another_event_file_the_register_is_copied_anew(setting: Setting) -> None:
    setting.register(3)
    sync_register(setting.room)
    (setting.directory / "events.duckdb.restore").write_bytes(b"older")
    assert take_staged_events(setting.directory)
    assert (sync_register(setting.room), sync_register(setting.room)) == (3, 0)


def test_a_register_in_which_nobody_is_eligible_is_counted_as_nobody_and_not_as_unknown(setting: Setting) -> None:
    PLANS["picky"] = plan_of(key="picky", eligibility=has("nobody"), checklist=())
    setting.set_up("picky")
    setting.register(5, segments=("internal",))
    revision = setting.rollout("picky").revision
    change = setting.act("start", rollout="picky", revision=revision, reason="test")
    assert (change.gained, change.have) == (0, 0)
