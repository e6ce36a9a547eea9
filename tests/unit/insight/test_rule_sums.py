"""Windows that cannot hold enough for a rule are passed over by counting alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rollout_core.bootstrap.opening import plan_of
from rollout_core.insight.formulas import Asked
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.rule_sums import sums_of_rules, too_few
from rollout_core.metrics.aggregates import Sums
from rollout_core.metrics.catalog import CATALOG
from rollout_core.rollouts.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(Path("data/plans/exercise_library.yaml").read_text(), "exercise_library.yaml")


def window(plan: Plan, **treated: int) -> Measuring:
    """A window in which treatment has so many of each store metric ("_" for ":")."""
    counts = {name.replace("_of_", ":"): n for name, n in treated.items()}

    def sums(metric: str, arm: str | None) -> Sums:
        assert arm == "treatment"
        return Sums(counts.get(metric, 0))
    return cast(Measuring, SimpleNamespace(scene=SimpleNamespace(plan=plan), sums=sums))


@pytest.mark.parametrize(("key", "counts", "passed_over"), [
    ("error_rate", {"session_errors": 29}, True), ("error_rate", {"session_errors": 30}, False),
    ("lcp_p75", {"vital_of_LCP": 29, "session_errors": 500}, True), ("lcp_p75", {"vital_of_LCP": 30}, False),
    ("api_response_p95", {"request_duration": 99}, True), ("api_response_p95", {"request_duration": 100}, False),
    # A change is judged by its own minimum (30), though its p95 by itself is few below 100.
    ("performance_degradation", {"request_duration": 30}, False),
    ("performance_degradation", {"request_duration": 29, "vital_of_LCP": 29, "vital_of_INP": 29}, True),
    ("session_duration_change", {"session_duration": 29}, True),
    # People at an age are not counted by events.
    ("adoption_rate", {}, False), ("retention_improvement", {}, False),
])
def test_a_window_is_passed_over_when_all_of_treatment_is_too_few(
        plan: Plan, key: str, counts: dict[str, Any], passed_over: bool) -> None:
    assert too_few(window(plan, **counts), Asked(CATALOG[key])) is passed_over


def test_the_rules_of_a_plan_are_counted_by_these_sums(plan: Plan) -> None:
    assert sums_of_rules(plan) == ("request_duration", "session_errors", "vital:INP", "vital:LCP")
