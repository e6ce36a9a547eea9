"""What is counted for a metric when something is decided: which sums, which firsts, which covariate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import (
    Adoption,
    Availability,
    Mean,
    PerActive,
    Percentile,
    Proportion,
    RetentionOn,
    Satisfaction,
    TelemetryRatio,
)
from rollout_core.rollouts.plan import WHOLE, Plan
from rollout_core.rollouts.policies import Known, asked_of, metrics_of

ERROR_BASES = {"requests": "request_errors", "sessions": "session_errors"}
"""`measurement.error_basis` of a plan -> the store metric whose s / n is its error rate."""

FIRST_OF = {"request_errors": "request_error", "session_errors": "error", "session_critical_errors": "critical_error"}
"""Store metric of an error rate -> the first event that the exact test counts (accumulations.FIRSTS)."""

COVARIATE_OF = {
    "request_errors": ("request_errors", ""), "session_errors": ("session_errors", ""), "tasks": ("task", ""),
    "session_duration": ("session", ""), "request_duration": ("request_duration", ""),
    "vital:LCP": ("vital_good", "LCP"), "vital:INP": ("vital_good", "INP"), "vital:CLS": ("vital_good", "CLS"),
}
"""Store metric -> (kind, what) of subject_day before the rollout. Any number known before is a valid covariate."""

ACTIVE_KINDS = ("session", "feature_use", "page_view", "task", "conversion")


@dataclass(frozen=True, slots=True)
class Sums:
    """Cluster-bucket sums: denominator and numerator as (store metric, column of agg_bucket); `unit` turns the
    numerator into the metric's unit; `complement` counts d − x; `far` is treatment's own numerator metric."""

    d: tuple[str, str]
    x: tuple[str, str]
    unit: float = 1.0
    complement: bool = False
    far: str | None = None
    first: str | None = None
    first_value: str | None = None
    covariate: tuple[str, str] | None = None

    @property
    def hits(self) -> str:
        """The store metric whose hits are counted; "" where it is only how many there were."""
        return self.x[0] if self.x[1] == "x" else ""


@dataclass(frozen=True, slots=True)
class Once:
    """One yes/no outcome per subject at a fixed age (`within_hours`), or on a day after entering (`on_day`).

    `own_flags`: only uses of the plan's flags count, of those with `tag` where one is named.
    """

    kinds: tuple[str, ...]
    within_hours: int = 0
    on_day: int = 0
    tag: str | None = None
    own_flags: bool = False

    def entered_by(self, known_at: datetime) -> datetime:
        """Before when one must have entered for the outcome to be known at a time: the age before it, or so that the
        day is over (UTC)."""
        if self.on_day:
            return datetime.combine(known_at, time(), known_at.tzinfo) - timedelta(days=self.on_day)
        return known_at - timedelta(hours=self.within_hours)


@dataclass(frozen=True, slots=True)
class Scores:
    """Answers on a scale."""

    metric: str = "satisfaction"


Source = Sums | Once | Scores


ABOVE = "above"
"""Purpose of a frozen reference quantile; values above it are counted under `above:<store metric>`."""


def purpose(mark: str, number: int) -> str:
    """Purpose of a frozen value that stands beyond the reference (`@`, per mille) or at a fixed limit (`#`)."""
    return f"above_{number}" if mark == "@" else f"above_at_{number}"


def parts_of(key: str) -> tuple[str, str, int]:
    """(metric, mark, number) of an evidence key: `lcp_p75@300`, `api_response_p95#500000`, or a bare metric."""
    for mark in "@#":
        metric, found, number = key.partition(mark)
        if found:
            return metric, mark, int(number)
    return key, "", 0


def source_of(key: str, plan: Plan) -> Source | None:
    """How the evidence key of a policy is counted under a plan; None: a sequential test cannot judge it."""
    metric, mark, number = parts_of(key)
    formula = CATALOG[metric].formula
    if metric == "error_rate":
        formula = Proportion(ERROR_BASES[plan.measurement.error_basis])
    if isinstance(formula, Percentile):
        above = f"{purpose('#', number) if mark == '#' else ABOVE}:{formula.metric}"
        return Sums((above, "d"), (above, "x"), covariate=COVARIATE_OF.get(formula.metric),
                    far=f"{purpose('@', number)}:{formula.metric}" if mark == "@" else None,
                    first_value=None if mark else formula.metric)
    if isinstance(formula, Availability):
        formula = Proportion("request_errors", complement=True)
    if isinstance(formula, Proportion):
        # First events are bad ones: they speak for a share of bad outcomes, never for one of good ones.
        first = None if formula.complement else FIRST_OF.get(formula.metric)
        return Sums((formula.metric, "d"), (formula.metric, "x"), complement=formula.complement, first=first,
                    covariate=COVARIATE_OF.get(formula.metric))
    return _per_event(formula) or _by_subject(formula, plan)


def _per_event(formula: object) -> Source | None:
    if isinstance(formula, Mean):
        return Sums((formula.metric, "d"), (formula.metric, "x_capped"), 1.0 / formula.per,
                    covariate=COVARIATE_OF.get(formula.metric))
    if isinstance(formula, TelemetryRatio):
        return Sums(("exposures", "d"), ("session_errors", "d"))
    if isinstance(formula, PerActive):
        return Sums(("session_errors", "d"), (formula.metric, "x_capped" if formula.per else "d"),
                    1.0 / formula.per if formula.per else 1.0)
    return None


def _by_subject(formula: object, plan: Plan) -> Source | None:
    rules = plan.measurement
    if isinstance(formula, Adoption):
        age = rules.adoption_floor_age if formula.floor else rules.adoption_age
        return Once(("feature_use",), within_hours=int(age.total_seconds() // 3600), tag=formula.tag,
                    own_flags=True)
    if isinstance(formula, RetentionOn) and not formula.within:
        return Once(ACTIVE_KINDS, on_day=formula.day)
    return Scores() if isinstance(formula, Satisfaction) else None


@dataclass(frozen=True, slots=True)
class Quantile:
    """A percentile that rules compare: its store metric, share, what else is counted beyond it (`@` per mille of the
    reference, `#` fixed limits in the smallest unit)."""

    metric: str
    share: float
    beyond: tuple[int, ...]
    limits: tuple[int, ...]


def quantiles_of(plan: Plan) -> tuple[Quantile, ...]:
    """The percentiles behind a plan's rules and criteria, each with the values to freeze."""
    keys: list[str] = []
    for phase in plan.phases:
        keys += metrics_of(asked_of(plan, phase.key, WHOLE, Known()).policy)
    found: dict[str, Quantile] = {}
    for metric, mark, number in map(parts_of, dict.fromkeys(keys)):
        formula = CATALOG[metric].formula
        if isinstance(formula, Percentile):
            known = found.get(formula.metric, Quantile(formula.metric, formula.share, (), ()))
            found[formula.metric] = replace(
                known, beyond=known.beyond + ((number,) if mark == "@" else ()),
                limits=known.limits + ((number,) if mark == "#" else ()))
    return tuple(found.values())
