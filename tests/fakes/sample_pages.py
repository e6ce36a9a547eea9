"""Answers of the questions behind Decisions, Dashboard, Analytics and the autopilot. Invented, for page tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.autopilot import AutopilotAnswer, Open
from rollout_core.insight.compare import CompareAnswer, Pair, Side
from rollout_core.insight.decision import DecisionAnswer
from rollout_core.insight.metrics import MetricRow, MetricsAnswer
from rollout_core.insight.replay import ReplayAnswer
from rollout_core.insight.traffic import Flow, TrafficAnswer
from rollout_core.insight.verdicts import NamedVerdict
from rollout_core.metrics.catalog import CATALOG
from tests.fakes.sample_answers import HOSTILE
from tests.fakes.sample_numbers import NOW, WINDOW, measured

SPLIT = Verdict("sample_ratio", "exposures", Status.WATCHING, "ratio", 0.97, log_e=-0.4, log_e_needed=4.6,
                n_treatment=261, n_control=609)
INP = Verdict("inp", "inp_p75", Status.WORSE, "difference", 0.06, 0.02, 0.1, 5.4, 5.0, 900, 1100)
ADOPTION = Verdict("adoption", "adoption_rate", Status.PROVEN, "level", 0.41, 0.38, 0.44, 9.2, 3.0, 4000)
RETENTION = Verdict("retention", "retention_day_7", Status.NO_DATA, "difference", reason="not_counted")


def decision(request: Any) -> DecisionAnswer:
    """One that advised to hold, with evidence."""
    return DecisionAnswer(
        request.number, "exercise_library", 5, NOW, "advise", "hold", False, "inp is proven worse (e = 221).",
        "inp with log e below 5.00 (it is 5.40).", None, NOW - timedelta(minutes=5),
        NamedVerdict("Split of treatment and control", "", "relative", "As planned.", SPLIT),
        (NamedVerdict("Interaction to next paint", "", "ms", "Proven worse than tolerated.", INP),
         NamedVerdict(HOSTILE, "", "share", "Nothing was counted yet.", RETENTION)),
        (NamedVerdict("Adoption", "", "share", "Proven.", ADOPTION),), ("Error rate above 5 %",), 88, True)


def replay(request: Any) -> ReplayAnswer:
    """The same verdicts."""
    return ReplayAnswer(request.number, "exercise_library", "hold", "inp is proven worse.", "", True, 0.0,
                        (SPLIT, INP, RETENTION, ADOPTION))


def traffic(request: Any) -> TrafficAnswer:
    """An hour by the minute, fresh."""
    at = tuple(NOW - timedelta(minutes=60 - minute) for minute in range(60))
    flows = tuple(Flow(key, name, tuple(None if minute < 5 else level + minute % 7 for minute in range(60)))
                  for key, name, level in (("page_views", "Page views", 20.0), ("request_errors", "Requests", 60.0),
                                           ("feature_use", "Uses of features", 3.0)))
    return TrafficAnswer(request.rollout, WINDOW, 60, at, flows, NOW, 1800, False, NOW)


def metrics(request: Any) -> MetricsAnswer:
    """What was asked for: errors worse, a vital without data, the rest unclear."""
    rows = []
    for key in request.metrics:
        metric = CATALOG[key]
        value = None if key == "inp_p75" else 0.04 if metric.unit == "share" else 2310.0
        treatment = measured(key, value, (value or 0) * 0.1, unit=metric.unit, noun=metric.noun)
        change = measured(key, 0.4 if key == "error_rate" else 0.01, 0.1, unit="relative")
        rows.append(MetricRow(key, metric.name, metric.group, metric.unit, metric.direction, treatment,
                              replace(treatment, arm="control"), treatment, change))
    return MetricsAnswer(request.rollout, WINDOW, tuple(rows), (), NOW)


def compare(request: Any) -> CompareAnswer:
    """Treatment a little worse; one part without data, one with a name that somebody wrote."""
    metric = CATALOG[request.metric]

    def number(value: float | None, half: float, unit: str = "share") -> Any:
        return measured(request.metric, value, half, unit=unit, noun="sessions")
    parts = (Pair("phone", number(0.05, 0.01), number(0.02, 0.01), number(0.03, 0.014), number(1.5, 0.5, "relative")),
             Pair(HOSTILE, number(0.03, 0.01), number(0.03, 0.01), number(0.0, 0.014), number(0.0, 0.5, "relative")),
             Pair("tablet", number(0.03, 0.01), number(None, 0), number(None, 0), number(None, 0, "relative")))
    divisions = ("page", "device")
    labels = {"arms": ("treatment", "control"), "periods": ("this period", "the stretch before")}
    first, second = labels.get(request.across, (request.first or "one", request.second or "other"))
    return CompareAnswer(
        request.rollout, request.metric, metric.name, "share", metric.direction, request.across,
        Side(first, first, number(0.041, 0.004)), Side(second, second, number(0.019, 0.002)),
        number(0.022, 0.005), number(1.15, 0.3, "relative"), request.across == "arms",
        f"{metric.name} is higher in {first} than in {second}.", parts if request.by else (), divisions,
        ("device:phone", "device:desktop", f"page:{HOSTILE}") if request.across == "segments" else (),
        (WINDOW, WINDOW), "", NOW)


def autopilot(request: Any) -> AutopilotAnswer:
    """In mode act and going down: one rule of the last step is not ruled out since."""
    open_ones = (Open("Sessions with an error", "may still be up to 1.2 percentage points worse than control, 0.5 are "
                      "tolerated"),)
    return AutopilotAnswer(
        request.rollout, "act", may_advance=False, reduced_at=NOW - timedelta(hours=1),
        because=("Sessions with an error",), open=open_ones, dwell="2 h", next_at=NOW + timedelta(hours=1),
        next_percentage=12.5, stops="It stops when Sessions with an error can be no worse than is tolerated.",
        computed_at=NOW)


PAGE_ANSWERS: Mapping[str, Callable[[Any], Any]] = {
    "decision": decision, "replay": replay, "traffic": traffic, "metrics": metrics, "compare": compare,
    "autopilot": autopilot,
}
