"""Who uses it: adoption at fixed age, funnel, cohorts, flags used together, stickiness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class AdoptionRequest:
    """Window as in MetricsRequest; `flag` None: any flag of the rollout."""

    rollout: str | None = None
    window: str = "rollout"
    since_at: datetime | None = None
    until_at: datetime | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """eligible -> enabled -> exposed -> tried -> used again; `n` None: cannot be counted (no register)."""

    key: str
    name: str
    n: int | None
    share_of_previous: float | None


@dataclass(frozen=True, slots=True)
class FlagAdoption:
    """One flag's adoption at the plan's age, and its stickiness."""

    flag: str
    name: str
    tags: tuple[str, ...]
    adoption: Measured
    stickiness: Measured


@dataclass(frozen=True, slots=True)
class Cohort:
    """Subjects first exposed in one week. `shares[k]` = share that used it within k+1 weeks; None: not old enough."""

    week: date
    exposed: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class AdoptionAnswer:
    """`naive` (users over enabled now) is shown, never decides. `matrix[i][j]`: adopters using flags i and j."""

    rollout: str
    window: Window
    age_hours: int
    adoption: Measured
    floor: Measured
    naive: Measured
    funnel: tuple[FunnelStep, ...]
    flags: tuple[FlagAdoption, ...]
    cohorts: tuple[Cohort, ...]
    matrix_flags: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    cross_feature_use: Measured
    stickiness: Measured
    dau_wau: Measured
    engagement: Measured
    usage_growth: Measured
    social_adoption: Measured
    computed_at: datetime
