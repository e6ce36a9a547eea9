"""One decision with names instead of keys: what was seen, what it means, whether it can be judged again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollout_core.control.sweep import sweep_one
from rollout_core.documents.plan_document import load_plan
from rollout_core.errors import NotFound
from rollout_core.insight.decision import DecisionRequest, answer, names_of
from rollout_core.insight.decisions import DecisionsRequest
from rollout_core.insight.decisions import answer as decisions
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
