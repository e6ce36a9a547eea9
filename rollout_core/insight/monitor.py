"""One monitoring pass: health, alerts that would open, pause conditions, advice. Computes and never acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.recommendation import Recommendation
from rollout_core.health.score import HealthScore
from rollout_core.health.sighting import Sighting
from rollout_core.insight.gates import Gate
from rollout_core.insight.pause_check import PauseCheckAnswer
from rollout_core.metrics.measured import Measured


@dataclass(frozen=True, slots=True)
class MonitorRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class MonitorAnswer:
    """Everything a sweep looks at; the sweep verb settles `sightings` into alerts and decides."""

    rollout: str
    health: HealthScore
    sightings: tuple[Sighting, ...]
    pause: PauseCheckAnswer
    gates: tuple[Gate, ...]
    metrics: tuple[Measured, ...]
    recommendations: tuple[Recommendation, ...]
    computed_at: datetime
