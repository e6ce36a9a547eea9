"""The catalogue's numbers for one rollout and window: treatment, control and the change between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """`window`: phase | epoch | rollout | hour | day | week | month, unless `since_at`/`until_at` say otherwise.

    `metrics` or `group` narrow the answer; `flag` narrows to one flag where the metric has one.
    """

    rollout: str | None = None
    metrics: tuple[str, ...] = ()
    group: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric. `change` is relative (share), treatment against the concurrent control, or against the baseline
    window with `causal` False. `target` in words, from the plan's KPIs and criteria. `everybody`: all attributed."""

    key: str
    name: str
    group: str
    unit: str
    direction: str
    treatment: Measured
    control: Measured
    everybody: Measured
    change: Measured
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricsAnswer:
    """Rows in the catalogue's order. `left_out` counts subjects in no comparison, by why."""

    rollout: str
    window: Window
    rows: tuple[MetricRow, ...]
    left_out: tuple[tuple[str, int], ...]
    computed_at: datetime
