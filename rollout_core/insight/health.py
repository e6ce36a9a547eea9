"""The health score, why it is not 100, how it got there, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.alert import Alert
from rollout_core.health.issue import Issue
from rollout_core.health.recommendation import Recommendation
from rollout_core.health.score import HealthScore
from rollout_core.insight.series import Mark
from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """`history`: the window of the score's curve (hour | day | week | phase | rollout)."""

    rollout: str | None = None
    history: str = "day"


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """The score of one bucket, by its beginning; None: nothing to compute it from."""

    at: datetime
    score: int | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """`change` is the score's difference to the first point of the history that has one."""

    rollout: str
    name: str
    status: str
    health: HealthScore
    errors: Measured
    adoption: Measured
    history: tuple[ScorePoint, ...]
    history_window: Window
    change: int | None
    marks: tuple[Mark, ...]
    alerts: tuple[Alert, ...]
    issues: tuple[Issue, ...]
    recommendations: tuple[Recommendation, ...]
    computed_at: datetime
