"""How fast the application answers: endpoints at p50, p95, p99, render times, degradation against control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class SpeedRequest:
    """Window as in MetricsRequest."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    limit: int = 30


@dataclass(frozen=True, slots=True)
class Percentiles:
    """One endpoint or component in milliseconds. `change` is p95 of treatment against control, relative."""

    key: str
    p50: Measured
    p95: Measured
    p99: Measured
    control_p95: Measured
    change: Measured


@dataclass(frozen=True, slots=True)
class SpeedAnswer:
    """`degradation` is the worst of p75 LCP, p75 INP and p95 API against control; `parts` are the three."""

    rollout: str
    window: Window
    api: Percentiles
    endpoints: tuple[Percentiles, ...]
    components: tuple[Percentiles, ...]
    degradation: Measured
    parts: tuple[Measured, ...]
    relative_error: float
    computed_at: datetime
