"""Plans as documents: what is written reads back, and both shipped plans say what their documents say."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from rollout_core.documents.plan_document import load_plan, load_plans, read_plan, write_plan
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.flags.targeting import EVERYBODY, Condition, Operator
from rollout_core.rollouts.phase import Comparison
from rollout_core.rollouts.plan import Plan, Rung, Severity
from tests.unit.documents.plan_strategies import plans
from tests.unit.documents.plan_texts import SMALLEST

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "data" / "plans"


@pytest.fixture(scope="module")
def patient() -> Plan:
    return load_plan(SHIPPED / "patient_engagement.yaml")


@pytest.fixture(scope="module")
def exercise() -> Plan:
    return load_plan(SHIPPED / "exercise_library.yaml")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plans())
def test_a_written_plan_reads_back_as_the_same_plan(plan: Plan) -> None:
    assert read_plan(write_plan(plan)) == plan


@pytest.mark.parametrize("file", [*sorted(SHIPPED.glob("*.yaml")), ROOT / "docs/guide/example_plan.yaml"], ids=str)
def test_a_shipped_plan_survives_writing_and_reading(file: Path) -> None:
    plan = load_plan(file)
    assert read_plan(write_plan(plan)) == plan


def test_an_audience_that_names_a_segment_takes_its_key_name_and_rule() -> None:
    audience = read_plan(SMALLEST).audiences[0]
    assert (audience.key, audience.name) == ("dutch", "Dutch")
    assert audience.rule == Condition("country", Operator.EQUALS, ("NL",))


def test_an_audience_may_name_a_segment_and_keep_its_own_name() -> None:
    text = SMALLEST.replace("- segment: dutch", "- {segment: dutch, key: nl, name: First, keep_control: 5}")
    audience = read_plan(text.replace("through: dutch", "through: nl")).audiences[0]
    assert (audience.key, audience.name, audience.keep_control) == ("nl", "First", 5_000)


def test_advice_may_name_a_guide() -> None:
    guide = "guides: [{key: look, name: Look, steps: [Open the page]}]\n"
    alert = "alerts: [{key: a, name: A, severity: info, kind: missing_data, advice: look}]\n"
    assert read_plan(SMALLEST + guide + alert).alerts[0].advice == ("Open the page",)


@pytest.mark.parametrize(("written", "meant"), [
    ("3 days", timedelta(days=3)), ("2 h", timedelta(hours=2)), ("1 week", timedelta(weeks=1)),
    ("30 minutes", timedelta(minutes=30)), ("1.5 hours", timedelta(minutes=90)), ("45 s", timedelta(seconds=45)),
])
def test_durations_are_read_in_words(written: str, meant: timedelta) -> None:
    plan = read_plan(SMALLEST.replace("adds: [lamp]", f"adds: [lamp], minimum_duration: {written}"))
    assert plan.phases[0].minimum_duration == meant


def test_a_flag_knows_the_phase_that_adds_it() -> None:
    assert [flag.enters_phase for flag in read_plan(SMALLEST).flags] == ["small", "all"]


def test_both_plans_are_found_in_their_directory() -> None:
    assert [plan.key for plan in load_plans(SHIPPED)] == ["exercise_library", "patient_engagement"]


def test_the_patient_plan_goes_10_25_50_100_in_four_weeks(patient: Plan) -> None:
    assert [percentage_of_buckets(phase.percentage) for phase in patient.phases] == [10, 25, 50, 100]
    assert {phase.minimum_duration for phase in patient.phases} == {timedelta(weeks=1)}
    assert patient.safe_state == 0


def test_nine_patient_flags_need_the_module(patient: Plan) -> None:
    needs = [flag.prerequisite for flag in patient.flags]
    assert (len(needs), needs.count("patient_engagement_module"), needs[0]) == (10, 9, None)


def test_the_technical_metrics_gate_every_patient_phase(patient: Plan) -> None:
    limits = {(one.metric, one.comparison, one.target) for one in patient.phases[0].criteria}
    assert limits == {("error_rate", Comparison.BELOW, 0.02), ("availability", Comparison.ABOVE, 0.999),
                      ("api_response_p95", Comparison.BELOW, 500.0), ("data_loss", Comparison.AT_MOST, 0.0)}
    assert all(phase.criteria == patient.phases[0].criteria for phase in patient.phases)


def test_the_exercise_phases_are_a_thousandth_to_all(exercise: Plan) -> None:
    assert [phase.percentage for phase in exercise.phases] == [100, 5_000, 20_000, 50_000, 75_000, 100_000]


def test_both_lists_of_the_exercise_guide_gate(exercise: Plan) -> None:
    numbers = [{one.metric: one.target for one in phase.criteria if one.metric} for phase in exercise.phases]
    assert numbers == [
        {"critical_incidents": 0, "performance_score": 80},
        {"adoption_rate": 0.6, "error_rate": 0.03, "performance_score": 85, "satisfaction": 4.0},
        {"adoption_rate": 0.5, "satisfaction": 4.0, "performance_score": 90, "retention_improvement": 0.1},
        {"adoption_rate": 0.65, "performance_score": 90, "critical_error_rate": 0.01, "engagement_change": 0.15},
        {"social_adoption": 0.15, "engagement_change": 0.2, "community_activity": 0, "retention_day_7": 0.75},
        {},
    ]
    assert all(one.lists for phase in exercise.phases for one in phase.criteria)


def test_the_exercise_flags_enter_in_the_order_of_the_phases(exercise: Plan) -> None:
    assert [len(phase.adds) for phase in exercise.phases] == [1, 1, 3, 1, 1, 2]
    assert exercise.flags_served_in("full_rollout") == {flag.key for flag in exercise.flags}


def test_the_exercise_rules_start_on_the_rung_the_guide_names(exercise: Plan) -> None:
    rungs = {rule.key: rule.rung for rule in exercise.pause_conditions}
    assert rungs["critical_errors"] is rungs["security_issue"] is rungs["major_degradation"] is Rung.PREVIOUS_PHASE
    assert rungs["degradation"] is rungs["error_rate"] is Rung.HALVE


@pytest.mark.parametrize("plan_name", ["patient", "exercise"])
def test_every_alert_level_has_its_deadline(plan_name: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(plan_name)
    assert {one.severity: one.respond_within for one in plan.alert_levels} == {
        Severity.CRITICAL: timedelta(0), Severity.ERROR: timedelta(hours=2), Severity.WARNING: timedelta(hours=8),
        Severity.INFO: None}


@pytest.mark.parametrize("plan_name", ["patient", "exercise"])
def test_the_shipped_plans_hold_nobody_out_and_end_with_everybody(
        plan_name: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(plan_name)
    assert plan.holdout.buckets == 0
    assert plan.audiences[-1].rule == EVERYBODY
    assert plan.phases[-1].through == plan.audiences[-1].key


def test_nothing_about_pharmacies_or_exercise_is_in_code() -> None:
    """The words of the two shipped plans belong in data/; code that knows one of them serves no third plan."""
    words = ("pharmac", "workout", "exercise", "patient_", "appointment", "coaching", "clinical", "vite_")
    hits = [f"{path.relative_to(ROOT)}: {word}" for room in ("rollout_core", "pages")
            for path in sorted((ROOT / room).rglob("*.py"))
            for word in words if word in _without_docstrings(path).lower()]
    assert hits == []


def _without_docstrings(path: Path) -> str:
    """The code as it runs: comments and docstrings may tell where a rule comes from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
