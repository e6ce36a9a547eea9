"""One decision with names instead of keys: what was seen, what it means, whether it can be judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rollout_core.control.sweep import sweep_one
from rollout_core.documents.plan_document import load_plan
from rollout_core.errors import NotFound
from rollout_core.insight.autopilot import AutopilotRequest
from rollout_core.insight.autopilot import answer as autopilot
from rollout_core.insight.decision import DecisionRequest, answer, names_of
from rollout_core.insight.decisions import DecisionsRequest, followed_by
from rollout_core.insight.decisions import answer as decisions
from rollout_core.insight.known_before import failed_before
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.verdict_words import Since
from rollout_core.ports.control_records import DecisionRecord
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import World


def newest(world: World) -> int:
    """The number of the newest decision."""
    return decisions(world.room, DecisionsRequest("r")).decisions[0].number


def test_guardrails_and_criteria_of_a_sweep_carry_the_names_of_the_plan(world: World) -> None:
    sweep_one(world.room, "r")
    found = answer(world.room, DecisionRequest(newest(world)))
    assert "Errors" in [line.name for line in found.guardrails]
    assert [line.name for line in found.criteria] == ["Errors below 3 %", "Adoption above 50 %", "Reviewed by hand"]
    assert found.sample_ratio is not None
    assert found.sample_ratio.name == "Split of treatment and control"
    assert found.replayable
    assert found.summary


def test_a_decision_before_anything_was_counted_has_no_numbers_and_cannot_be_replayed(empty: World) -> None:
    sweep_one(empty.room, "r")
    found = answer(empty.room, DecisionRequest(newest(empty)))
    assert (found.guardrails, found.criteria, found.sample_ratio) == ((), (), None)
    assert not found.replayable


def test_a_decision_that_does_not_exist_is_not_found(empty: World) -> None:
    with pytest.raises(NotFound):
        answer(empty.room, DecisionRequest(999))


def test_of_two_phases_with_criteria_of_one_key_the_phase_in_force_gives_the_name() -> None:
    plan = load_plan(Path("data/plans/exercise_library.yaml"))
    _, fourth, _ = names_of(plan, "expanded_rollout")
    _, fifth, _ = names_of(plan, "social_features")
    assert fourth["engagement"] == "Engagement increase above 15 %"
    assert fifth["engagement"] != fourth["engagement"]


def test_without_a_plan_every_rule_keeps_its_key() -> None:
    assert names_of(None) == ({}, {}, {})


def test_a_look_that_changes_nothing_leaves_when_it_was(world: World) -> None:
    assert autopilot(world.room, AutopilotRequest("r")).looked_at is None
    sweep_one(world.room, "r")
    kept = newest(world)
    world.clock.at += timedelta(minutes=1)
    sweep_one(world.room, "r")
    assert newest(world) == kept
    assert autopilot(world.room, AutopilotRequest("r")).looked_at == world.clock.at


def record(here: Scene, ago: timedelta, act: str = "none", statuses: Mapping[str, str] | None = None) -> DecisionRecord:
    return DecisionRecord(0, "r", here.rollout.epoch, here.now - ago, "advise", act, False, "Seen.",
                          {"statuses": statuses or {}})


def then(here: Scene, ago: timedelta, percentage: int, cause: str) -> Epoch:
    last = here.epochs[-1]
    return replace(last, number=last.number + 1, began_at=here.now - ago, percentage=percentage, cause=cause)


def test_of_advice_that_was_not_taken_the_next_change_of_the_share_is_told(world: World) -> None:
    here = scene(world.room, "r")
    advice, whole = record(here, timedelta(hours=3), "halve"), here.epochs[-1].percentage
    halved = then(here, timedelta(hours=1), whole // 2, "roll_back")
    found = followed_by(advice, (*here.epochs, halved))
    assert found is not None
    assert (found.at, found.cause) == (halved.began_at, "roll_back")
    assert (found.before, found.after) == (whole / 1000, whole / 2000)
    assert followed_by(record(here, timedelta(0), "halve"), (*here.epochs, halved)) is None
    assert followed_by(advice, here.epochs) is None


def test_what_had_failed_before_a_resume_is_still_known_after_it(world: World) -> None:
    here = scene(world.room, "r")
    criterion = here.plan.phase(here.rollout.phase).criteria[0]
    resumed = replace(here, epochs=(*here.epochs, then(here, timedelta(hours=1), 50_000, "resume")))
    since = Since("the resume", here.now - timedelta(hours=1))
    assert failed_before(world.room, resumed, since) == ()
    with world.room.control.write() as unit:
        unit.decisions.append(record(here, timedelta(hours=2), statuses={criterion.key: "not_met"}))
        unit.decisions.append(record(here, timedelta(minutes=1), statuses={criterion.key: "not_yet"}))
    assert failed_before(world.room, resumed, since) == (criterion.name,)
    assert failed_before(world.room, resumed, None) == ()
