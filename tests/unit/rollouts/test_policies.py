"""What a plan asks of the evidence: both shipped plans rule by rule, and the rules a sequential test cannot put."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rollout_core.analysis.policy import Direction, LimitGuardrail
from rollout_core.analysis.references import Reference
from rollout_core.documents.plan_document import load_plan
from rollout_core.rollouts.phase import Comparison, Criterion
from rollout_core.rollouts.plan import AlertRule, Guardrail, PauseCondition, Plan, Rung, Severity
from rollout_core.rollouts.policies import Known, asked_of, judged_as, metrics_of
from rollout_core.settings import ROOT

LIBRARY = load_plan(ROOT / "data/plans/exercise_library.yaml")
PORTAL = load_plan(ROOT / "data/plans/patient_engagement.yaml")
LCP = Reference("vital:LCP", 0.75, 2_400_000, 4_000, datetime(2026, 3, 1, tzinfo=UTC),
                {50: 0.03, 100: 0.06, 150: 0.09, 300: 0.15})
WHOLE = 100_000


def asked(plan: Plan, phase: str, percentage: int = 20_000, known: Known | None = None, phase_epoch: int = 1):
    return asked_of(plan, phase, percentage, known or Known(), phase_epoch)


def test_the_librarys_guardrails_and_pause_conditions_keep_their_rungs() -> None:
    found = asked(LIBRARY, "limited_rollout")
    compared = {rule.key: rule.metric for rule in found.policy.guardrails}
    assert compared == {
        "errors": "error_rate", "lcp": "lcp_p75", "inp": "inp_p75", "api_speed": "api_response_p95",
        "tasks": "task_completion", "retention": "retention_day_7", "tickets": "support_tickets",
        "telemetry": "telemetry_ratio",
        "major_degradation:lcp_p75": "lcp_p75@600", "major_degradation:inp_p75": "inp_p75@600",
        "major_degradation:api_response_p95": "api_response_p95@600",
        "degradation:lcp_p75": "lcp_p75@300", "degradation:inp_p75": "inp_p75@300",
        "degradation:api_response_p95": "api_response_p95@300"}
    assert {rule.key: (rule.metric, rule.limit, rule.worse) for rule in found.policy.limits} == {
        "error_rate": ("error_rate", 0.05, Direction.HIGHER)}
    rungs = {key: found.rungs[key] for key in ("errors", "tasks", "telemetry", "degradation:lcp_p75",
                                               "major_degradation:inp_p75", "error_rate")}
    assert rungs == {"errors": Rung.HALVE, "tasks": Rung.SAFE_STATE, "telemetry": Rung.HOLD,
                     "degradation:lcp_p75": Rung.HALVE, "major_degradation:inp_p75": Rung.PREVIOUS_PHASE,
                     "error_rate": Rung.HALVE}
    assert found.policy.alpha_pause == 0.05


def test_the_librarys_criteria_are_proven_by_test_or_signed() -> None:
    first, third = asked(LIBRARY, "internal_testing"), asked(LIBRARY, "limited_rollout")
    assert [each.key for each in first.policy.manual] == ["critical_features", "core_features", "blocking_bugs"]
    # Zero critical bugs is a fact read off the issues, no test.
    assert [(each.key, each.target) for each in first.policy.targets] == [("performance_score", 80.0)]
    assert [(each.key, each.metric, each.target, each.better) for each in third.policy.targets] == [
        ("adoption", "adoption_rate", 0.5, Direction.HIGHER), ("satisfaction", "satisfaction", 4.0, Direction.HIGHER),
        ("performance_score", "performance_score", 90.0, Direction.HIGHER)]
    assert [(each.key, each.metric, each.ratio) for each in third.policy.improvements] == [
        ("retention", "retention_day_7", 1.1)]


def test_a_signature_is_known_to_the_policy() -> None:
    found = asked(LIBRARY, "internal_testing", known=Known(signed=frozenset({"core_features"})))
    assert [each.signed for each in found.policy.manual] == [False, True, False]


def test_the_portals_low_adoption_rule_applies_above_a_quarter_and_looks_at_the_short_age() -> None:
    at_25 = asked(PORTAL, PORTAL.phases[1].key, 25_000)
    at_50 = asked(PORTAL, PORTAL.phases[2].key, 50_000)
    assert "low_adoption" not in {rule.key for rule in at_25.policy.limits}
    rule = next(rule for rule in at_50.policy.limits if rule.key == "low_adoption")
    assert (rule.metric, rule.limit, rule.worse) == ("adoption_floor", 0.1, Direction.LOWER)
    assert at_50.rungs["low_adoption"] is Rung.PAUSE


def test_alerts_are_watched_outside_the_error_budget() -> None:
    found = asked(PORTAL, PORTAL.phases[2].key, 50_000)
    watched = {rule.key: (rule.metric, rule.limit, rule.acts) for rule in found.policy.watched}
    assert watched["alert:error_target"] == ("error_rate", 0.02, False)
    assert watched["alert:slow_api"] == ("api_response_p95#500000", pytest.approx(0.05), False)
    assert watched["alert:satisfaction"] == ("satisfaction", 4.0, False)
    assert "alert:completion" not in watched, "a duration is a fact"
    assert not set(found.policy.acting_weights()) & set(watched)
    assert set(metrics_of(found.policy)) >= {"api_response_p95#500000", "satisfaction"}


def test_a_percentiles_margin_is_the_rise_of_the_share_above_its_reference() -> None:
    found = asked(LIBRARY, "limited_rollout", known=Known({"vital:LCP": LCP}))
    rule = next(rule for rule in found.policy.guardrails if rule.key == "lcp")
    assert (rule.mde, rule.margin, rule.baseline) == (0.06, 0.03, 0.25)     # 10 % slower, 5 % tolerated, p75
    far = next(rule for rule in found.policy.guardrails if rule.key == "degradation:lcp_p75")
    assert (far.mde, far.baseline) == (0.09, 0.25)                          # 15 % beyond what is tolerated


def test_a_relative_margin_is_one_of_the_usual_value_and_nothing_without_it() -> None:
    known = asked(LIBRARY, "limited_rollout", known=Known(baselines={"support_tickets": 0.04}))
    rule = next(rule for rule in known.policy.guardrails if rule.key == "tickets")
    assert (rule.mde, rule.margin) == (pytest.approx(0.01), pytest.approx(0.005))      # 25 % and 12.5 % of 0.04
    unknown = next(rule for rule in asked(LIBRARY, "limited_rollout").policy.guardrails if rule.key == "tickets")
    assert unknown.margin == 0.0, "nothing but 'not worse' is called safe"


def test_a_percentile_against_a_limit_is_the_share_of_values_above_it() -> None:
    plan = replace(PORTAL, pause_conditions=(PauseCondition(
        "slow", "LCP above 4 s", metric="lcp_p75", comparison=Comparison.ABOVE, threshold=4_000.0),))
    assert asked(plan, plan.phases[0].key).policy.limits == (
        LimitGuardrail("slow", "lcp_p75#4000000", 0.25, 0.0625, Direction.HIGHER),)


def test_a_criterion_of_what_happens_counts_from_its_phase_and_one_at_an_age_from_the_start() -> None:
    found = asked(LIBRARY, "limited_rollout", phase_epoch=3)
    assert {each.key: each.since_epoch for each in found.policy.targets} == {
        "adoption": 1, "satisfaction": 3, "performance_score": 3}


def test_a_rule_narrowed_to_a_tag_is_left_to_the_interval() -> None:
    phase = replace(LIBRARY.phases[1], criteria=(Criterion(
        "e", "Errors of critical features", "error_rate", Comparison.BELOW, 0.01, tag="critical"),))
    plan = replace(LIBRARY, phases=(LIBRARY.phases[0], phase), alerts=(AlertRule(
        "t", "Tagged", Severity.ERROR, metric="error_rate", comparison=Comparison.ABOVE, threshold=0.01,
        tag="critical"),))
    found = asked(plan, phase.key).policy
    assert (found.targets, found.watched) == ((), ())


def test_a_condition_that_decides_by_its_threshold_takes_no_part_in_the_budget() -> None:
    bare = tuple(replace(each, decide="threshold") for each in PORTAL.pause_conditions)
    plan = replace(PORTAL, pause_conditions=bare)
    assert asked(plan, plan.phases[2].key, 50_000).policy.limits == ()


def test_a_guardrail_that_wants_more_is_harmed_by_less() -> None:
    rule = Guardrail("done", "Tasks", "task_completion", 0.01, 0.02)
    plan = replace(LIBRARY, guardrails=(rule,), pause_conditions=())
    found = asked(plan, "limited_rollout", WHOLE, Known(baselines={"task_completion": 0.8}))
    assert [(rule.worse, rule.baseline) for rule in found.policy.guardrails] == [(Direction.LOWER, 0.8)]


def test_a_guardrail_and_a_pause_condition_of_one_key_are_judged_apart() -> None:
    """What is proven of the one takes the one's rung, and does not fire the other."""
    limit = next(each for each in LIBRARY.pause_conditions if each.key == "error_rate")
    degradation = next(each for each in LIBRARY.pause_conditions if each.key == "degradation")
    plan = replace(LIBRARY, pause_conditions=(replace(limit, key="errors"), replace(degradation, key="lcp")))
    found = asked(plan, "limited_rollout")
    assert [rule.key for rule in found.policy.limits] == ["errors:limit"]
    assert (found.rungs["errors"], found.rungs["errors:limit"]) == (Rung.HALVE, limit.rung)
    assert judged_as(plan, plan.pause_conditions[0]) == ("errors:limit",)
    assert judged_as(plan, plan.pause_conditions[1]) == ("lcp:lcp_p75", "lcp:inp_p75", "lcp:api_response_p95")
    assert judged_as(LIBRARY, limit) == ("error_rate",)
