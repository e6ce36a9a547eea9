"""The autopilot's ladder: which step follows from which verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollout_core.analysis.ramp import RampAdvice, RampStep
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.analysis.verdict import Verdict, Verdicts
from rollout_core.documents.plan_document import load_plan
from rollout_core.rollouts.ladder import Act, Condition, Past, Proposal, Seen, propose
from rollout_core.rollouts.plan import Rung
from rollout_core.rollouts.policies import Asked, Known, asked_of
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAN = load_plan(Path("data/plans/exercise_library.yaml"))
ROLLOUT = Rollout(key="exercise_library", name="x", plan="exercise_library", plan_version=1, unit="user", salt="s",
                  status=Status.RUNNING, created_at=NOW, phase="expanded_rollout", percentage=50_000)
SPLIT = Verdict("sample_ratio", "exposures", Standing.WATCHING)
ASKED: Asked = asked_of(PLAN, "expanded_rollout", 50_000, Known())


def seen(*guardrails: Verdict, split: Verdict = SPLIT, conditions: tuple[Condition, ...] = (),
         criteria: tuple[Verdict, ...] = (), gates_open: bool = False) -> Seen:
    return Seen(Verdicts(split, guardrails, criteria), conditions, gates_open)


def worse(key: str, **changes: object) -> Verdict:
    made = Verdict(key, "error_rate", Standing.WORSE, "difference", log_e=9.0, log_e_needed=5.0, acts=True)
    return replace(made, **changes)


def test_proven_errors_halve_the_percentage() -> None:
    decided = propose(PLAN, ROLLOUT, ASKED, seen(worse("errors")), Past(), NOW)
    assert (decided.act, decided.to, decided.because) == (Act.HALVE, 25_000, ("errors",))


def test_a_decision_names_rules_and_criteria_as_the_plan_does() -> None:
    decided = propose(PLAN, ROLLOUT, ASKED, seen(worse("errors")), Past(), NOW)
    assert decided.words.startswith("Sessions with an error: proven worse than control.")
    assert decided.else_words == "Sessions with an error: less evidence (e = 8,103, 148 is needed)."
    open_one = Verdict("engagement", "engagement_minutes", Standing.NOT_YET)
    staying = propose(PLAN, ROLLOUT, ASKED, seen(criteria=(open_one,)), Past(), NOW)
    assert staying.words == "Not proven yet: Engagement increase above 15 %."


def test_a_condition_of_several_metrics_names_each_of_them() -> None:
    names = [name for key, name in ASKED.names.items() if key.startswith("degradation:")]
    assert len(names) == len(set(names)) == 3
    assert "Performance worse than control by more than 30 %: LCP p75" in names


def test_the_hardest_rung_that_is_asked_for_is_taken() -> None:
    decided = propose(PLAN, ROLLOUT, ASKED, seen(worse("errors"), worse("tasks")), Past(), NOW)
    assert (decided.act, decided.to) == (Act.SAFE_STATE, 100)


def test_a_verdict_that_may_only_advise_changes_nothing() -> None:
    assert propose(PLAN, ROLLOUT, ASKED, seen(worse("errors", acts=False)), Past(), NOW).act is Act.NONE


def test_a_second_step_waits_for_the_dwell_time() -> None:
    held = replace(ROLLOUT, status=Status.HELD, percentage=25_000)
    past = Past(NOW - timedelta(minutes=119), ("errors",))
    assert propose(PLAN, held, ASKED, seen(worse("errors")), past, NOW).act is Act.NONE
    after = propose(PLAN, held, ASKED, seen(worse("errors")), past, NOW + timedelta(minutes=1))
    assert (after.act, after.to) == (Act.HALVE, 12_500)


def test_after_the_dwell_time_harm_that_is_not_bounded_goes_one_step_further() -> None:
    held = replace(ROLLOUT, status=Status.HELD, percentage=25_000)
    past = Past(NOW - timedelta(hours=3), ("errors",))
    watching = worse("errors", status=Standing.WATCHING)
    assert propose(PLAN, held, ASKED, seen(watching), past, NOW).act is Act.HALVE
    assert propose(PLAN, held, ASKED, seen(worse("errors", status=Standing.SAFE)), past, NOW).act is Act.NONE


def test_a_limit_that_control_breaks_too_holds_instead_of_rolling_back() -> None:
    limit = worse("error_rate", scale="level", control_breaks_too=True)
    assert propose(PLAN, ROLLOUT, ASKED, seen(limit), Past(), NOW).act is Act.HOLD
    both = seen(limit, worse("errors"))
    assert propose(PLAN, ROLLOUT, ASKED, both, Past(), NOW).act is Act.HALVE


def test_a_mismatch_of_the_split_holds_but_does_not_excuse_proven_harm() -> None:
    mismatch = replace(SPLIT, status=Standing.MISMATCH)
    assert propose(PLAN, ROLLOUT, ASKED, seen(split=mismatch), Past(), NOW).act is Act.HOLD
    assert propose(PLAN, ROLLOUT, ASKED, seen(worse("errors"), split=mismatch), Past(), NOW).act is Act.HALVE


def test_an_open_critical_issue_goes_back_a_phase_once() -> None:
    issue = Condition("critical_errors", "Critical error open", Rung.PREVIOUS_PHASE, "1 critical issue is open.")
    first = propose(PLAN, ROLLOUT, ASKED, seen(conditions=(issue,)), Past(), NOW)
    assert (first.act, first.to) == (Act.PREVIOUS_PHASE, 20_000)
    held = replace(ROLLOUT, status=Status.HELD, percentage=20_000, phase="limited_rollout")
    past = Past(NOW - timedelta(days=1), ("critical_errors",))
    again = propose(PLAN, held, ASKED, seen(conditions=(issue,)), past, NOW)
    assert again.act is Act.NONE


def test_in_the_safe_state_a_rung_that_lowers_nothing_gives_way_to_pause() -> None:
    low = replace(ROLLOUT, phase="internal_testing", percentage=100)
    assert propose(PLAN, low, ASKED, seen(worse("tasks")), Past(), NOW).act is Act.PAUSE


@pytest.mark.parametrize("status", [Status.PAUSED, Status.STOPPED, Status.DRAFT, Status.READY])
def test_who_serves_nobody_is_left_alone(status: Status) -> None:
    assert propose(PLAN, replace(ROLLOUT, status=status), ASKED, seen(worse("errors")), Past(), NOW).act is Act.NONE


def test_it_advances_only_where_the_plan_allows_it_and_all_is_proven() -> None:
    ready = seen(worse("errors", status=Standing.SAFE), gates_open=True,
                 criteria=(Verdict("adoption", "adoption_rate", Standing.PROVEN, acts=True),))
    allowed = replace(PLAN, autopilot=replace(PLAN.autopilot, may_advance=True))
    assert propose(PLAN, ROLLOUT, ASKED, ready, Past(), NOW).act is Act.NONE
    assert propose(allowed, ROLLOUT, ASKED, ready, Past(), NOW).act is Act.ADVANCE
    assert propose(allowed, ROLLOUT, ASKED, ready, Past(NOW - timedelta(days=2), ("x",)), NOW).act is Act.NONE
    assert propose(allowed, ROLLOUT, ASKED, replace(ready, gates_open=False), Past(), NOW).act is Act.NONE


def ramped(percentage: int, step: RampStep, share: float, phase: str = "expanded_rollout", **more: object) -> Proposal:
    advice = RampAdvice(step, share, 12.0)
    plan = replace(PLAN, autopilot=replace(PLAN.autopilot, risk_budget_errors=60.0))
    rollout = replace(ROLLOUT, phase=phase, percentage=percentage)
    return propose(plan, rollout, ASKED, replace(seen(), ramp=advice), Past(**more), NOW)


def test_a_risk_budget_climbs_within_the_phase_and_no_further() -> None:
    assert (ramped(2_000, RampStep.STEP_UP, 0.05).act, ramped(2_000, RampStep.STEP_UP, 0.05).to) == (Act.STEP_UP, 5_000)
    assert ramped(30_000, RampStep.STEP_UP, 0.95).to == 50_000, "the phase ends at 50 %"
    assert ramped(50_000, RampStep.STEP_UP, 0.95).act is Act.NONE


def test_a_risk_budget_about_to_be_overrun_goes_back_to_the_first_rung_and_asks() -> None:
    assert (ramped(20_000, RampStep.HOLD_AND_ASK, 0.01).act, ramped(20_000, RampStep.HOLD_AND_ASK, 0.01).to) == (
        Act.STEP_BACK, 1_000)
    assert ramped(1_000, RampStep.HOLD_AND_ASK, 0.01).act is Act.HOLD


def test_after_a_reduction_the_ramp_never_climbs_by_itself() -> None:
    assert ramped(2_000, RampStep.STEP_UP, 0.05, reduced_at=NOW - timedelta(days=2)).act is Act.NONE


def test_a_step_for_want_of_recovery_does_not_claim_a_proof() -> None:
    past = Past(NOW - timedelta(hours=3), ("errors",))
    decided = propose(PLAN, ROLLOUT, ASKED, seen(worse("errors", status=Standing.WATCHING)), past, NOW)
    assert decided.act is Act.HALVE
    assert decided.words == "Sessions with an error: not ruled out since the last step down."


def test_harm_that_nothing_is_left_to_judge_by_is_not_over() -> None:
    """Everybody served was served before, so a reduction leaves nobody to compare with: unknown is never fine."""
    past = Past(NOW - timedelta(hours=3), ("errors",))
    blind = worse("errors", status=Standing.NO_DATA, log_e=0.0)
    decided = propose(PLAN, ROLLOUT, ASKED, seen(blind), past, NOW)
    assert (decided.act, decided.to) == (Act.HALVE, 25_000)
    assert decided.words.endswith(": proven before the last step down, and nothing to judge it by since.")
    assert propose(PLAN, ROLLOUT, ASKED, seen(blind), Past(), NOW).act is Act.NONE, "without a proof before it"
    assert propose(PLAN, ROLLOUT, ASKED, seen(replace(blind, status=Standing.SAFE)), past, NOW).act is Act.NONE
