"""The ramp of a plan with a risk budget: what it reads from the evidence, and the check when the plan is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollout_core.analysis.evidence import Evidence, Exposures, FirstEvents, MetricEvidence, Stratum
from rollout_core.analysis.ramp import RampStep
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.analysis.verdict import Verdict
from rollout_core.documents.plan_document import check_plan, load_plan
from rollout_core.rollouts.ramping import budget_needed, climb, ramp_policy
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHIPPED = Path("data/plans/exercise_library.yaml")
PLAN = load_plan(SHIPPED)
ROLLOUT = Rollout(key="r", name="x", plan="exercise_library", plan_version=1, unit="user", salt="s",
                  status=Status.RUNNING, created_at=NOW, phase="expanded_rollout", percentage=5_000, epoch=1,
                  epoch_began_at=NOW - timedelta(hours=13))
CALM = Verdict("errors", "error_rate", Standing.WATCHING, "difference", log_e=0.1, log_e_needed=5.0, acts=True)


def budget(errors: float | None):
    return replace(PLAN, autopilot=replace(PLAN.autopilot, risk_budget_errors=errors))


def counted(events_treatment: int, events_control: int, at_risk: tuple[int, int] = (1_000, 19_000)) -> Evidence:
    """One stratum at 5 %, one hour with events, 20 newcomers an hour."""
    firsts = FirstEvents((0,), (0,), (events_treatment,), (events_control,), (at_risk[0],), (at_risk[1],))
    metric = MetricEvidence("error_rate", (Stratum(1, 5_000),), firsts=firsts, firsts_in_epoch=firsts)
    return Evidence(1, Exposures((1,) * 10, (19,) * 10, (5_000,) * 10), (metric,))


def test_a_plan_without_a_budget_has_no_ramp() -> None:
    assert ramp_policy(PLAN) is None
    assert climb(PLAN, ROLLOUT, counted(10, 190), CALM, NOW) is None
    assert budget_needed(PLAN) is None


def test_the_next_rung_is_taken_when_the_bound_fits_the_budget() -> None:
    advice = climb(budget(400.0), ROLLOUT, counted(10, 190), CALM, NOW)
    assert advice is not None
    assert (advice.step, advice.share) == (RampStep.STEP_UP, 0.10)
    # The bound is at most 50 points, so the risk at the next rung is at most half of 1,000 + 0.10 * 20 * 12 subjects.
    assert 0 < advice.risk <= 0.5 * 1_024


def test_a_rung_lasts_its_dwell_time() -> None:
    fresh = replace(ROLLOUT, epoch_began_at=NOW - timedelta(hours=11))
    advice = climb(budget(400.0), fresh, counted(10, 190), CALM, NOW)
    assert advice is not None
    assert advice.step is RampStep.STAY


def test_more_errors_than_the_budget_holds_and_asks() -> None:
    advice = climb(budget(5.0), ROLLOUT, counted(80, 190), CALM, NOW)
    assert advice is not None
    assert (advice.step, advice.share) == (RampStep.HOLD_AND_ASK, 0.01)


def test_proven_harm_is_the_guardrails_own_level() -> None:
    proven = replace(CALM, log_e=5.1)
    advice = climb(budget(400.0), ROLLOUT, counted(80, 190), proven, NOW)
    assert advice is not None
    assert advice.step is RampStep.PAUSE
    below = climb(budget(400.0), ROLLOUT, counted(10, 190), replace(CALM, log_e=3.5), NOW)
    assert below is not None
    assert below.step is RampStep.STEP_UP, "log 20 is not the level where eight guardrails share the budget"


def test_without_counted_first_errors_there_is_no_advice() -> None:
    bare = Evidence(1, metrics=(MetricEvidence("error_rate", (Stratum(1, 5_000),)),))
    assert climb(budget(400.0), ROLLOUT, bare, CALM, NOW) is None
    assert climb(budget(400.0), ROLLOUT, counted(10, 190), None, NOW) is None


def test_a_budget_that_stalls_is_a_mistake_of_the_plan(tmp_path: Path) -> None:
    needed = budget_needed(budget(1.0))
    assert needed is not None
    assert needed > 1.0
    assert budget_needed(budget(needed + 1.0)) is None
    text = SHIPPED.read_text(encoding="utf-8")
    for errors, mistakes in ((1, 1), (round(needed) + 1, 0)):
        path = tmp_path / f"plan{errors}.yaml"
        path.write_text(text.replace("autopilot:\n", f"autopilot:\n  risk_budget_errors: {errors}\n"), encoding="utf-8")
        found = [problem for problem in check_plan(path) if "risk_budget" in str(problem)]
        assert len(found) == mistakes


@pytest.mark.parametrize("relative", [True, False])
def test_a_budget_without_a_margin_on_errors_is_a_mistake(relative: bool) -> None:
    rules = tuple(replace(rule, relative=relative) for rule in PLAN.guardrails if rule.key == "errors")
    assert (ramp_policy(replace(budget(50.0), guardrails=rules)) is None) is relative
