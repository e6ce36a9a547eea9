"""What it does for the business: retention, sessions, tasks, satisfaction, conversion, support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from rollout_core.insight.metrics import MetricRow
from rollout_core.metrics.measured import Window


@dataclass(frozen=True, slots=True)
class BusinessRequest:
    """Window as in MetricsRequest."""

    rollout: str | None = None
    window: str = "rollout"
    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetentionPoint:
    """Share active on day `day` after their first day, of those old enough (`n`)."""

    day: int
    treatment: float | None
    treatment_n: int
    control: float | None
    control_n: int


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """How many answers gave one score, by arm."""

    score: int
    treatment: int
    control: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A written answer. Text of users: never rendered as HTML."""

    at: datetime
    score: float | None
    text: str
    arm: str


@dataclass(frozen=True, slots=True)
class BusinessAnswer:
    """`rows` are the catalogue's business metrics."""

    rollout: str
    window: Window
    rows: tuple[MetricRow, ...]
    retention: tuple[RetentionPoint, ...]
    scores: tuple[ScoreCount, ...]
    comments: tuple[Comment, ...]
    first_day: date | None
    computed_at: datetime
