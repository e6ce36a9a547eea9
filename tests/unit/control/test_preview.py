"""What a person sees before pressing: the verb's own decision, and nothing is changed by looking."""

from __future__ import annotations

from typing import Any

import pytest

from rollout_core.control import VERBS
from rollout_core.control.counting import recount
from rollout_core.control.preview import Preview, preview
from rollout_core.control.sync_register import sync_register
from rollout_core.errors import InvalidRequest
from rollout_core.flags.evaluation import compile_rollout, is_on
from rollout_core.insight.scene import scene
from rollout_core.insight.share import census_of, share_of
from rollout_core.people.actor import Actor
from rollout_core.ports.control_records import Subject
from tests.fakes.control_setting import ADMIN, KEY, OPERATOR, VIEWER, Setting
from tests.fakes.registers import NOW


def look(setting: Setting, verb: str, actor: Actor = ADMIN, **fields: Any) -> Preview:
    return preview(setting.room, actor, verb, VERBS[verb].request(**fields))


def test_a_preview_tells_from_where_to_where_and_for_how_many(setting: Setting) -> None:
    setting.running()
    seen = look(setting, "advance")
    assert (seen.from_percentage, seen.to_percentage, seen.to) == (1_000, 5_000, 5.0)
    assert (seen.from_phase, seen.to_phase, seen.to_status) == ("Inside", "Beta", "running")
    # 5 % of 1,000 subjects are 50; no subject is a beta tester, all are internal, so internal is filled further.
    assert (seen.gained, seen.lost, seen.have_then, seen.eligible) == (40, 0, 50, 1_000)
    assert [(gate.key, str(gate.state)) for gate in seen.gates] == [("minimum_duration", "not_yet"),
                                                                    ("works", "manual")]
    assert (seen.needs_reason, seen.allowed, seen.told) == (True, True, ("On-call (Ann)",))
    assert seen.revision == setting.rollout().revision


def test_going_back_to_a_share_tells_how_many_its_thresholds_of_then_would_give_it_to_today(setting: Setting) -> None:
    # 1 % of 1,000 are 10, and the register is as it was.
    setting.running()
    first = setting.rollout().thresholds
    setting.raise_by("advance")
    census = census_of(setting.room, scene(setting.room, KEY))
    assert look(setting, "roll_back").had_then == census.enrolled(first) == 10
    assert look(setting, "pause").had_then is None
    assert look(setting, "advance").had_then is None


@pytest.mark.parametrize(("verb", "fields"), [("advance", {}), ("set_percentage", {"percentage": 3}), ("pause", {}),
                                              ("roll_back", {"kind": "gradual"}), ("stop", {}), ("hold", {})])
def test_the_verb_does_what_its_preview_said(setting: Setting, verb: str, fields: dict) -> None:
    setting.running()
    seen = look(setting, verb, **fields)
    change = setting.raise_by(verb, **fields)
    assert (seen.gained, seen.lost, seen.have_then) == (change.gained, change.lost, change.have)
    assert (seen.to_percentage, seen.to_status) == (change.after.percentage, change.after.status)


def test_looking_changes_nothing_and_leaves_no_trace(setting: Setting) -> None:
    setting.running()
    before = (setting.rollout(), setting.trail(), setting.served())
    for verb in ("advance", "pause", "stop", "complete"):
        look(setting, verb)
    assert (setting.rollout(), setting.trail(), setting.served()) == before


def test_a_closed_gate_stops_an_operator_and_asks_an_admin_for_a_reason(setting: Setting) -> None:
    setting.running()
    assert look(setting, "advance", OPERATOR).allowed is False
    assert "Write a reason" in look(setting, "advance").refusal
    assert look(setting, "advance", reason="the customer waits").refusal == ""


def test_what_a_verb_would_refuse_is_said_beforehand(setting: Setting) -> None:
    setting.running()
    assert "viewer" in look(setting, "pause", VIEWER).refusal
    assert not look(setting, "complete").allowed
    assert "last phase" in look(setting, "complete").refusal
    assert "revision" in look(setting, "advance", revision=1, reason="x").refusal


def test_a_pause_can_be_looked_at_while_the_event_store_is_away(setting: Setting) -> None:
    setting.running()
    again = setting.restarted()
    again.events.away = True
    seen = look(again, "pause")
    assert (seen.allowed, seen.to_percentage, seen.gained, seen.lost, seen.have_then) == (True, 0, None, None, None)


def test_a_raise_that_cannot_be_counted_is_not_allowed(setting: Setting) -> None:
    setting.running()
    again = setting.restarted()
    again.events.away = True
    assert look(again, "set_percentage", percentage=3, reason="x").allowed is False


def test_a_second_pause_would_change_nothing(setting: Setting) -> None:
    setting.running()
    setting.act("pause")
    assert look(setting, "pause").changes is False


def test_a_verb_that_changes_no_rollout_has_no_preview(setting: Setting) -> None:
    with pytest.raises(InvalidRequest):
        preview(setting.room, ADMIN, "create_token", VERBS["create_token"].request(name="x"))


def test_a_migration_shows_who_loses(setting: Setting) -> None:
    setting.running()
    setting.set_up("version 2")
    seen = look(setting, "migrate_plan", rollout=KEY)
    assert (seen.gained, seen.have_then) == (0, 10)


def test_new_users_who_grew_old_are_counted_and_keep_it_when_more_is_served(setting: Setting) -> None:
    """100 came 25 days before the start and have it whole; 40 days on they are 65 days old; the rest is not new."""
    setting.set_up("by age")
    with setting.control.write() as unit:
        unit.register.upsert_many(Subject("user", f"new{number}", {"created_at": "2026-02-04"})
                                  for number in range(100))
        unit.register.upsert_many(Subject("user", f"old{number}", {"created_at": "2020-02-04"})
                                  for number in range(9_900))
    setting.act("waive_checklist", reason="test")
    setting.raise_by("start")
    assert have(setting) == 100
    setting.clock.forward(days=40)
    seen = look(setting, "advance")
    assert have(setting) == 100
    assert (seen.lost, seen.have_then) == (0, 100 + (seen.gained or 0))
    change = setting.raise_by("advance")
    assert (change.lost, change.have) == (0, have(setting))
    served = compile_rollout(setting.served())
    assert all(is_on(served, "core", f"new{number}", {"created_at": "2026-02-04"}, NOW) for number in range(100))


def test_a_raise_that_opens_nothing_further_tells_who_has_it_and_why(setting: Setting) -> None:
    """20 of 1,000 are inactive at the start, 1 % (10) fill half of them; 90 days on everybody is inactive. Half of them
    are far more than 5 % (50), so nothing is opened further and the same 10 go on having it."""
    setting.set_up("by inactivity")
    with setting.control.write() as unit:
        unit.register.upsert_many(
            Subject("user", f"u{number}", {"active_at": "2025-06-01" if number < 20 else "2026-03-01"})
            for number in range(1_000))
    setting.act("waive_checklist", reason="test")
    setting.raise_by("start")
    assert have(setting) == 10
    setting.clock.forward(days=90)
    seen = look(setting, "advance")
    assert (seen.gained, seen.lost, seen.have_then, seen.wanted) == (0, 0, 10, 50)
    assert (seen.too_many or 0) > 300
    change = setting.raise_by("advance")
    assert (change.gained, change.have, have(setting)) == (0, 10, 10)


def test_a_raise_that_adds_people_is_not_called_too_many(setting: Setting) -> None:
    setting.running()
    seen = look(setting, "advance")
    assert (seen.wanted, seen.too_many) == (50, None)


def test_a_count_is_made_anew_once_the_register_has_changed(setting: Setting) -> None:
    """1,000 subjects at 1 %: 10. Another 1,000 come: the old count answers until the clock counts again."""
    setting.running()
    assert (have(setting), eligible(setting)) == (10, 1_000)
    with setting.control.write() as unit:
        unit.register.upsert_many(Subject("user", f"late{number}", {"segments": ()}) for number in range(1_000))
    assert sync_register(setting.room) == 1_000
    assert eligible(setting) == 1_000
    recount(setting.room)
    assert eligible(setting) == 2_000
    setting.events.away = True
    recount(setting.room)                               # nothing to count: it asks nobody


def eligible(setting: Setting) -> int | None:
    """How many are eligible, as pages say."""
    here = scene(setting.room, KEY)
    return share_of(here, census_of(setting.room, here)).eligible


def have(setting: Setting) -> int | None:
    """How many have it, as pages say."""
    here = scene(setting.room, KEY)
    return share_of(here, census_of(setting.room, here)).have
