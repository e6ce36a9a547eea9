"""Serving: what evaluation gets to see of a rollout in each status, and that it decides as the rollout says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout_core.flags import Arm, Reason, compile_rollout, evaluate
from rollout_core.flags.override import Override
from rollout_core.ports.live_snapshot import LiveSnapshot
from rollout_core.rollouts import decide
from rollout_core.rollouts.census import population
from rollout_core.rollouts.plan import Attribute
from rollout_core.rollouts.serving import serve
from rollout_core.rollouts.status import SERVING, Status
from rollout_core.rollouts.targets import Rollback
from tests.fakes.registers import NOW, census_of, plan_of, those_in
from tests.unit.rollouts.test_decisions import COUNTED, PLAN, running
from tests.unit.rollouts.test_transitions import rollout_in


@pytest.mark.parametrize("status", list(Status))
def test_thresholds_are_served_in_serving_statuses_only(status: Status):
    served = serve(PLAN, rollout_in(status))
    assert any(served.thresholds.values()) is (status in SERVING)
    assert (served.paused, served.stopped) == (status is Status.PAUSED, status is Status.STOPPED)
    reasons = {evaluate(compile_rollout(served), "core", f"u{number}", {}, NOW).reason for number in range(50)}
    by_chance = {Reason.AUDIENCE_BUCKET, Reason.OUT_BY_BUCKET, Reason.HOLDOUT}
    expected = {Status.DRAFT: {Reason.NOT_RUNNING}, Status.READY: {Reason.NOT_RUNNING}, Status.PAUSED: {Reason.PAUSED},
                Status.STOPPED: {Reason.STOPPED}}
    assert reasons == expected.get(status, by_chance)


def test_those_in_the_filling_are_those_evaluation_lets_in():
    subjects = [(f"u{number}", {"segments": ("fresh",) if number % 3 else ()}) for number in range(500)]
    census = census_of(population(PLAN, decide.draft(PLAN, "salt", NOW), NOW), subjects)
    rollout = decide.start(PLAN, decide.prepare(decide.draft(PLAN, "salt", NOW), NOW).rollout, census, NOW,
                           phase="wide").rollout
    compiled = compile_rollout(serve(PLAN, rollout))
    let_in = {subject for subject, attributes in subjects
              if evaluate(compiled, "core", subject, attributes, NOW).arm is Arm.TREATMENT}
    assert let_in == those_in(rollout.thresholds, "salt", subjects, PLAN)
    assert len(let_in) == 250


def test_those_rolled_back_are_former_and_in_no_comparison():
    wide = running("wide")
    back = decide.roll_back(PLAN, wide, COUNTED, NOW, Rollback.FULL).rollout
    compiled = compile_rollout(serve(PLAN, back))
    assert evaluate(compiled, "core", "u1", {"segments": ("idle",)}, NOW).arm is Arm.FORMER


def test_register_attributes_are_named_so_that_a_context_cannot_override_them():
    plan = plan_of(attributes=(Attribute("tier", "string"), Attribute("device", "string", "context")))
    assert serve(plan, running("beta")).owned_by_register == {"tier"}


def test_a_rollout_swapped_in_is_ready_to_decide():
    live = LiveSnapshot()
    rollout = running("full")
    live.swap(serve(PLAN, rollout))
    assert evaluate(live.current.compiled["made"], "core", "u1", {}, NOW).value is True
    paused = decide.pause(rollout, NOW).rollout
    override = Override("made", "u1", True, None, "ann", "test")
    live.swap(serve(PLAN, paused, [override]))
    assert evaluate(live.current.compiled["made"], "core", "u1", {}, NOW).reason is Reason.PAUSED
    live.swap(serve(PLAN, replace(paused, revision=1)))
    assert live.current.rollouts["made"].revision == paused.revision
