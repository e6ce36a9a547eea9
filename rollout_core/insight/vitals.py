"""Core Web Vitals at p75: cards, distribution, pages, devices, treatment against control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class VitalsRequest:
    """Window as in MetricsRequest; `vital` chooses the histogram and the tables (LCP by default)."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    page: str | None = None
    device: str | None = None
    vital: str = "LCP"
    limit: int = 20


@dataclass(frozen=True, slots=True)
class VitalCard:
    """One vital. `rating`: good | needs improvement | poor | no data (treatment's p75). Shares sum to 1 or are None."""

    vital: str
    name: str
    unit: str
    good_up_to: float
    poor_above: float
    treatment: Measured
    control: Measured
    rating: str
    good: float | None
    needs_improvement: float | None
    poor: float | None
    change: Measured
    comparison: str
    """Faster | Slower | Unclear | No data, by the 95 % interval of the change."""


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """One bin [low, high) of the vital's unit, with each arm's share of its own page views."""

    low: float
    high: float
    treatment: float
    control: float


@dataclass(frozen=True, slots=True)
class VitalsSlice:
    """The chosen vital for one page or device."""

    key: str
    treatment: Measured
    control: Measured
    good: float | None
    page_views: int


@dataclass(frozen=True, slots=True)
class VitalsAnswer:
    """`good_loads`: page loads with LCP, INP and CLS all good. `relative_error` of percentiles from the log histogram
    (0 when they are exact)."""

    rollout: str
    window: Window
    cards: tuple[VitalCard, ...]
    vital: str
    histogram: tuple[HistogramBin, ...]
    pages: tuple[VitalsSlice, ...]
    devices: tuple[VitalsSlice, ...]
    good_loads: Measured
    good_loads_control: Measured
    performance_score: Measured
    performance_score_control: Measured
    relative_error: float
    computed_at: datetime
