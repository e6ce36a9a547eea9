"""Which events feed which sums: the metric keys of agg_hour, agg_bucket, hist_day, rating_day, subject_day, and firsts.

A row adds `d` to n and `x` to s for every event of its source that satisfies `where`. `d` and `x` are SQL over the
columns of the source (`window_sources.py`): integers, in the smallest unit. A key that ends in ":" is continued by the
value of `by` (`vital:LCP`). To accumulate something new, add a row and rebuild (`rollout doctor --rebuild`).
"""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.metrics.event import Kind
from rollout_core.metrics.vital_score import VITAL_LIMITS

PAGE_LOAD = "page_load"
"""A source that is no kind: the vitals of one page load together (score, good)."""
SESSION_CATEGORY = "session_category"
"""A source that is no kind: a session once for every category of error it had, at the session's time."""

HISTOGRAM_GAMMA = 1.02
ZERO_BIN = -1
TOP_SLICES = 10
"""How many values of a slice column get a histogram of their own per day (in compared arms and the whole store)."""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """One metric key and what feeds it. `bucket`: also by cluster bucket; `histogram`: also as log histogram, for the
    values of the `slices` columns too; `flag`: kept apart by flag."""

    metric: str
    source: str
    where: str = "TRUE"
    d: str = "1"
    x: str = "0"
    by: str | None = None
    flag: bool = False
    bucket: bool = False
    histogram: bool = False
    slices: tuple[tuple[str, str], ...] = ()

    @property
    def key_sql(self) -> str:
        """SQL of the metric key."""
        return f"'{self.metric}'" if self.by is None else f"'{self.metric}' || coalesce({self.by}, '')"


def _vital_case(limit: str) -> str:
    """SQL: the limit of the row's vital in stored units (microseconds; CLS millionths)."""
    cases = []
    for name, limits in VITAL_LIMITS.items():
        value = limits.good if limit == "good" else limits.poor
        cases.append(f"WHEN '{name}' THEN {round(value * (1_000_000 if name == 'CLS' else 1_000))}")
    return f"(CASE name {' '.join(cases)} END)"


_PAGE_SLICES = (("page", "page:"), ("device", "device:"))
_GOOD, _POOR = _vital_case("good"), _vital_case("poor")

ACCUMULATIONS: tuple[Accumulation, ...] = (
    Accumulation("exposures", Kind.EXPOSURE, flag=True, bucket=True),
    Accumulation("feature_use", Kind.FEATURE_USE, x="coalesce(value, 0)", flag=True, bucket=True),
    Accumulation("session_errors", Kind.SESSION, x="(errors > 0)::BIGINT", bucket=True),
    Accumulation("session_critical_errors", Kind.SESSION, x="(criticals > 0)::BIGINT", bucket=True),
    Accumulation("session_errors:", SESSION_CATEGORY, d="0", x="1", by="category"),
    Accumulation("session_duration", Kind.SESSION, where="value IS NOT NULL", x="value", bucket=True, histogram=True),
    Accumulation("page_views", Kind.PAGE_VIEW, bucket=True),
    Accumulation("tasks", Kind.TASK, d="(state = 'started')::BIGINT", x="(state = 'completed')::BIGINT", bucket=True),
    Accumulation("vital:", Kind.WEB_VITAL, x="value", by="name", bucket=True, histogram=True, slices=_PAGE_SLICES),
    Accumulation("vital_good:", Kind.WEB_VITAL, x=f"(value <= {_GOOD})::BIGINT", by="name", bucket=True),
    Accumulation("vital_poor:", Kind.WEB_VITAL, x=f"(value > {_POOR})::BIGINT", by="name", bucket=True),
    Accumulation("page_load_score", PAGE_LOAD, where="score IS NOT NULL", x="score", bucket=True),
    Accumulation("good_loads", PAGE_LOAD, where="judged", x="good::BIGINT", bucket=True),
    Accumulation("request_errors", Kind.API_REQUEST, x="failed::BIGINT", bucket=True),
    Accumulation("request_duration", Kind.API_REQUEST, where="value IS NOT NULL", x="value", bucket=True,
                 histogram=True, slices=(("endpoint", "endpoint:"),)),
    Accumulation("render", Kind.RENDER, x="value", bucket=True, histogram=True, slices=(("name", "component:"),)),
    Accumulation("errors", Kind.ERROR, x="(severity = 'critical')::BIGINT", bucket=True),
    Accumulation("errors:", Kind.ERROR, x="(severity = 'critical')::BIGINT", by="category"),
    Accumulation("errors_severity:", Kind.ERROR, by="severity"),
    Accumulation("feedback", Kind.FEEDBACK, where="name IS DISTINCT FROM 'nps'", x="value", bucket=True),
    Accumulation("nps", Kind.FEEDBACK, where="name = 'nps'", bucket=True,
                 x="(value >= 9000000)::BIGINT - (value <= 6000000)::BIGINT"),
    Accumulation("tickets", Kind.SUPPORT_TICKET, where="state = 'opened'", bucket=True,
                 x="(severity IN ('critical', 'high'))::BIGINT"),
    Accumulation("conversions", Kind.CONVERSION, x="coalesce(value, 0)", bucket=True),
    Accumulation("conversion:", Kind.CONVERSION, x="coalesce(value, 0)", by="name"),
    Accumulation("health_checks", Kind.HEALTH_CHECK, x="ok::BIGINT"),
    Accumulation("security_issues", Kind.SECURITY_ISSUE, where="state = 'opened'",
                 x="(severity = 'critical')::BIGINT"),
    Accumulation("custom:", Kind.CUSTOM, x="coalesce(value, 0)", by="name"),
)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A row of subject_day: its `kind` name, what `what` says, and what is summed up."""

    kind: str
    source: str
    what: str = "''"
    where: str = "TRUE"
    d: str = "1"
    x: str = "0"


SUBJECT_ROWS: tuple[SubjectRow, ...] = (
    SubjectRow("exposure", Kind.EXPOSURE, what="flag"),
    SubjectRow("feature_use", Kind.FEATURE_USE, what="flag", x="coalesce(value, 0)"),
    SubjectRow("session", Kind.SESSION, x="coalesce(value, 0)"),
    SubjectRow("session_errors", Kind.SESSION, x="(errors > 0)::BIGINT"),
    SubjectRow("page_view", Kind.PAGE_VIEW),
    SubjectRow("task", Kind.TASK, d="(state = 'started')::BIGINT", x="(state = 'completed')::BIGINT"),
    SubjectRow("vital", Kind.WEB_VITAL, what="name", x="value"),
    SubjectRow("vital_poor", Kind.WEB_VITAL, what="name", x=f"(value > {_POOR})::BIGINT"),
    SubjectRow("vital_good", Kind.WEB_VITAL, what="name", x=f"(value <= {_GOOD})::BIGINT"),
    SubjectRow("request_errors", Kind.API_REQUEST, x="failed::BIGINT"),
    SubjectRow("request_duration", Kind.API_REQUEST, where="value IS NOT NULL", x="value"),
    SubjectRow("error", Kind.ERROR, what="category", x="(severity = 'critical')::BIGINT"),
    SubjectRow("error_group", Kind.ERROR, what="fingerprint", x="(severity = 'critical')::BIGINT"),
    SubjectRow("feedback", Kind.FEEDBACK, what="name", x="value"),
    SubjectRow("ticket", Kind.SUPPORT_TICKET, where="state = 'opened'"),
    SubjectRow("conversion", Kind.CONVERSION, what="name", x="coalesce(value, 0)"),
)


@dataclass(frozen=True, slots=True)
class First:
    """The first event of a sort per subject and epoch: for log-rank (did it fail yet) and first observations."""

    metric: str
    source: str
    where: str = "TRUE"
    value: str = "1"


FIRSTS: tuple[First, ...] = (
    First("error", Kind.ERROR),
    First("critical_error", Kind.ERROR, where="severity = 'critical'"),
    First("request_error", Kind.API_REQUEST, where="failed"),
    First("request_duration", Kind.API_REQUEST, where="value IS NOT NULL", value="value"),
    First("vital:LCP", Kind.WEB_VITAL, where="name = 'LCP'", value="value"),
    First("vital:INP", Kind.WEB_VITAL, where="name = 'INP'", value="value"),
    First("vital:CLS", Kind.WEB_VITAL, where="name = 'CLS'", value="value"),
    First("feature_use", Kind.FEATURE_USE),
    First("ticket", Kind.SUPPORT_TICKET, where="state = 'opened'"),
)


def bin_sql(value: str) -> str:
    """SQL of the log bin of a non-negative integer: floor(ln x / ln 1.02), -1 for zero (and below)."""
    return (f"(CASE WHEN {value} <= 0 THEN {ZERO_BIN} "
            f"ELSE floor(ln({value}) / ln({HISTOGRAM_GAMMA})) END)::SMALLINT")


SOURCES: tuple[str, ...] = (*(kind.value for kind in Kind), PAGE_LOAD, SESSION_CATEGORY)


def accumulations_of(source: str) -> tuple[Accumulation, ...]:
    """The accumulations that a source feeds."""
    return tuple(row for row in ACCUMULATIONS if row.source == source)


def feeds(row: Accumulation, metric: str) -> bool:
    """True when this row makes this metric key."""
    return metric == row.metric if row.by is None else metric.startswith(row.metric)
