"""One metric over time for a chart: both arms, gaps as gaps, phase marks and incidents in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Window

MOST_POINTS, FEWEST_POINTS = 2_000, 8


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """`metric` a catalogue key; `points` how many buckets at most (never over 2,000). Window as in MetricsRequest.

    `sample`: buckets become coarser until the usual one of the thinner arm stands on so many measurements, as long as
    FEWEST_POINTS are left: finer ones would draw the noise of few. 0: as fine as `points` allows.
    `page`, `device`, `endpoint`, `category`, `flag` narrow where the metric knows them.
    """

    metric: str = "error_rate"
    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    points: int = 300
    flag: str | None = None
    page: str | None = None
    device: str | None = None
    endpoint: str | None = None
    category: str | None = None
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket, by its beginning. `value` None is a gap: no data, never zero."""

    at: datetime
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ArmSeries:
    """The line of one arm (treatment, control, everybody)."""

    arm: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened. `kind`: phase | share | rollback | pause | stop | incident | release."""

    at: datetime
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A judged stretch of the value axis; None: open to that side. `name`: good | needs improvement | poor | target."""

    name: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """`bucket_seconds` is the width of every point."""

    rollout: str
    metric: str
    name: str
    unit: str
    direction: str
    window: Window
    bucket_seconds: int
    arms: tuple[ArmSeries, ...]
    marks: tuple[Mark, ...]
    bands: tuple[Band, ...]
    note: str = ""
