"""The catalogue of metrics: every one with its name, unit, direction, how it is counted and from what.

Rows of design's table "Metrics"; plans name metrics by these keys. Units: share (0..1), relative (0.25 is +25 %), score
(0..100), rating (1..5), points (NPS, -100..100), ms, number, days, minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rollout_core.metrics.formula import (
    Adoption,
    Availability,
    Change,
    CrossFeature,
    Engagement,
    Formula,
    Mean,
    PerActive,
    Percentile,
    Procedure,
    PromoterScore,
    Proportion,
    RetentionOn,
    Satisfaction,
    Stickiness,
    TelemetryRatio,
    WeeklyGrowth,
    WorstChange,
)

HIGHER, LOWER = "higher", "lower"
"""Which direction is better."""

GROUPS = ("adoption", "errors", "vitals", "speed", "business", "system")
MICRO = 1_000_000
PER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `minimum_sample` of `noun` below which a number is shown as few; `source` the event kinds it needs
    (empty: the control store); `aggregation` says in words how it is counted."""

    key: str
    name: str
    group: str
    unit: str
    direction: str
    formula: Formula
    noun: str
    source: tuple[str, ...]
    aggregation: str
    minimum_sample: int = 30


AGAINST_CONTROL = "treatment ÷ concurrent control - 1; without a control ÷ the baseline window, labelled not causal"


def _vital(vital: str) -> Metric:
    unit, per = ("number", MICRO) if vital == "CLS" else ("ms", PER_MS)
    return Metric(f"{vital.lower()}_p75", f"{vital} p75", "vitals", unit, LOWER,
                  Percentile(f"vital:{vital}", 0.75, per), "page views", ("web_vital",),
                  "75th percentile, nearest rank in a log histogram (at most 1 % off)")


_USE = ("exposure", "feature_use")
_REQUESTS = ("api_request",)
_SESSIONS = ("session", "error")

METRICS: tuple[Metric, ...] = (
    Metric("adoption_rate", "Adoption", "adoption", "share", HIGHER, Adoption(), "people", _USE,
           "exposed at least A ago with a use within A of exposure ÷ exposed at least A ago; A is the plan's age"),
    Metric("adoption_floor", "Early adoption", "adoption", "share", HIGHER, Adoption(floor=True), "people", _USE,
           "adoption at the short age (48 h) that the pause and alert rules use"),
    Metric("stickiness", "Stickiness", "adoption", "share", HIGHER, Stickiness(), "adopters", _USE,
           "adopters active again on a later day within 7 days of their first use ÷ adopters"),
    Metric("engagement", "Engagement", "adoption", "minutes", HIGHER, Engagement(), "adopter-days", ("feature_use",),
           "minutes of feature use ÷ adopters' active days"),
    Metric("active_minutes", "Active minutes per day", "adoption", "minutes", HIGHER,
           PerActive("session_duration", 60 * MICRO), "subject-days", ("session",),
           "minutes in sessions ÷ active subject-days"),
    Metric("engagement_change", "Engagement change", "adoption", "relative", HIGHER,
           Change("active_minutes"), "subject-days",
           ("session",), AGAINST_CONTROL),
    Metric("cross_feature_use", "Use of several features", "adoption", "share", HIGHER,
           CrossFeature(), "adopters", _USE,
           "adopters who used at least two flags ÷ adopters"),
    Metric("usage_growth_weekly", "Usage growth per week", "adoption", "relative", HIGHER, WeeklyGrowth(), "uses",
           ("feature_use",), "uses in the last 7 full days ÷ in the 7 days before - 1"),
    Metric("social_adoption", "Social feature adoption", "adoption", "share", HIGHER,
           Adoption(tag="social"), "people", _USE,
           "adoption of flags tagged social"),
    Metric("error_rate", "Error rate", "errors", "share", LOWER, Proportion("request_errors"), "requests", _REQUESTS,
           "requests failed (status 500 and above, or no answer) ÷ requests; or sessions with an error ÷ sessions"),
    Metric("critical_error_rate", "Critical error rate", "errors", "share", LOWER,
           Proportion("session_critical_errors"),
           "sessions", _SESSIONS, "sessions with a critical error ÷ sessions"),
    Metric("error_free_sessions", "Error-free sessions", "errors", "share", HIGHER,
           Proportion("session_errors", complement=True), "sessions", _SESSIONS,
           "sessions without any error ÷ sessions"),
    _vital("LCP"), _vital("INP"), _vital("CLS"), _vital("FCP"), _vital("TTFB"), _vital("FID"),
    Metric("good_vitals_share", "Good page loads", "vitals", "share", HIGHER, Proportion("good_loads"), "page loads",
           ("web_vital",), "page loads with LCP, INP and CLS all good ÷ page loads that sent them"),
    Metric("performance_score", "Performance score", "vitals", "score", HIGHER, Mean("page_load_score", 10_000),
           "page loads", ("web_vital",), "mean over page loads of the weighted log-normal scores of their vitals"),
    Metric("api_response_p50", "API response p50", "speed", "ms", LOWER, Percentile("request_duration", 0.50, PER_MS),
           "requests", _REQUESTS, "median duration of requests"),
    Metric("api_response_p95", "API response p95", "speed", "ms", LOWER, Percentile("request_duration", 0.95, PER_MS),
           "requests", _REQUESTS, "95th percentile of the duration of requests", 100),
    Metric("api_response_p99", "API response p99", "speed", "ms", LOWER, Percentile("request_duration", 0.99, PER_MS),
           "requests", _REQUESTS, "99th percentile of the duration of requests", 300),
    Metric("render_time_p75", "Render time p75", "speed", "ms", LOWER, Percentile("render", 0.75, PER_MS),
           "renders", ("render",), "75th percentile of component render times"),
    Metric("performance_degradation", "Performance degradation", "speed", "relative", LOWER,
           WorstChange(("lcp_p75", "inp_p75", "api_response_p95")), "measurements", ("web_vital", "api_request"),
           "worst change of p75 LCP, p75 INP and p95 API against the concurrent control"),
    *(Metric(f"retention_day_{day}", f"Retention day {day}", "business", "share", HIGHER, RetentionOn(day), "people",
             ("exposure", "session"),
             f"active on day {day} after first exposure ÷ those whose day {day} is over")
      for day in (1, 7, 30)),
    *(Metric(f"returned_within_{day}", f"Returned within {day} days", "business", "share", HIGHER,
             RetentionOn(day, within=True), "people", ("exposure", "session"),
             f"active again on any of the {day} days after the first ÷ those whose {day} days are over")
      for day in (30, 90, 365)),
    Metric("retention_improvement", "Retention improvement", "business", "relative", HIGHER,
           Change("retention_day_7"), "people",
           ("exposure", "session"), AGAINST_CONTROL),
    Metric("session_duration", "Session length", "business", "minutes", HIGHER,
           Mean("session_duration", 60 * MICRO), "sessions", ("session",), "mean length of sessions"),
    Metric("session_duration_change", "Session length change", "business", "relative", HIGHER,
           Change("session_duration"), "sessions",
           ("session",), AGAINST_CONTROL),
    Metric("task_completion", "Task completion", "business", "share", HIGHER, Proportion("tasks"), "tasks",
           ("task",), "tasks completed ÷ tasks started"),
    Metric("satisfaction", "Satisfaction", "business", "rating", HIGHER, Satisfaction(), "answers", ("feedback",),
           "mean score, brought to 1..5"),
    Metric("nps", "Net promoter score", "business", "points", HIGHER, PromoterScore(), "answers", ("feedback",),
           "share of 9 and 10 minus share of 0 to 6, times 100"),
    Metric("conversion", "Conversion", "business", "share", HIGHER, PerActive("conversions"), "subject-days",
           ("conversion", "session"), "conversions ÷ active subject-days"),
    Metric("conversion_change", "Conversion change", "business", "relative", HIGHER,
           Change("conversion"), "subject-days",
           ("conversion",), AGAINST_CONTROL),
    Metric("support_tickets", "Support tickets", "business", "number", LOWER, PerActive("tickets"),
           "subject-days", ("support_ticket", "session"), "tickets opened ÷ active subject-days"),
    Metric("support_ticket_change", "Support ticket change", "business", "relative", LOWER,
           Change("support_tickets"), "subject-days",
           ("support_ticket",), AGAINST_CONTROL),
    Metric("availability", "Availability", "system", "share", HIGHER, Availability(), "requests and checks",
           ("api_request", "health_check"), "good requests and passed health checks ÷ all"),
    Metric("monitoring_coverage", "Monitoring coverage", "system", "share", HIGHER,
           Procedure("monitoring_coverage"), "metrics",
           (), "metrics the plan names with fresh data ÷ all it names", 1),
    Metric("checklist_completeness", "Checklist completeness", "system", "share", HIGHER,
           Procedure("checklist_completeness"),
           "items", (), "items done ÷ items; waived ones are not done", 1),
    Metric("critical_incidents", "Critical incidents", "system", "number", LOWER, Procedure("critical_incidents"),
           "incidents", (), "critical issues and alerts opened in the window", 0),
    Metric("rollout_duration", "Rollout duration", "system", "days", LOWER, Procedure("rollout_duration"), "rollouts",
           (), "from the start to 100 % or now", 0),
    Metric("community_activity", "Community activity", "system", "relative", HIGHER, WeeklyGrowth(tag="social"), "uses",
           ("feature_use",), "weekly growth of the use of flags tagged social"),
    Metric("telemetry_ratio", "Telemetry ratio", "system", "relative", HIGHER, TelemetryRatio(), "people",
           ("exposure", "session", "page_view"),
           "sessions and page views per exposed subject, treatment ÷ control - 1"),
    Metric("data_loss", "Data loss", "system", "number", LOWER, Procedure("data_loss"), "events", (),
           "events accepted minus events stored", 0),
)

CATALOG: Mapping[str, Metric] = MappingProxyType({metric.key: metric for metric in METRICS})
"""Metric key -> metric, in the order pages show them."""
