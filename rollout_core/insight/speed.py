"""How fast the application answers: endpoints at p50, p95, p99, render times, degradation against control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rollout_core.insight.formulas import Asked
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.measure import by_key, measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import CATALOG, PER_MS, Metric
from rollout_core.metrics.formula import Percentile, WorstChange
from rollout_core.metrics.measured import Measured, Window
from rollout_core.metrics.percentile import RELATIVE_ERROR
from rollout_core.ports.room import Room


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


def answer(room: Room, request: SpeedRequest) -> SpeedAnswer:
    """Speed of one rollout."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    measuring.read_ahead(("vital:LCP", "request_duration", "render"))
    worst = CATALOG["performance_degradation"].formula
    parts = worst.of if isinstance(worst, WorstChange) else ()
    return SpeedAnswer(
        now_scene.rollout.key, window, _percentiles(measuring, "request_duration", "", "all endpoints"),
        _parts(measuring, "request_duration", "endpoint:", request.limit),
        _parts(measuring, "render", "component:", request.limit), by_key(measuring, "performance_degradation", None),
        tuple(change_of(measuring, CATALOG[key]) for key in parts), RELATIVE_ERROR, now_scene.now)


def _parts(measuring: Measuring, metric: str, prefix: str, limit: int) -> tuple[Percentiles, ...]:
    """Percentiles per endpoint or component, the most frequent first."""
    top = list(measuring.counts_of_slices(metric, prefix))[:limit]
    return tuple(_percentiles(measuring, metric, part, part.removeprefix(prefix)) for part in top)


def _percentiles(measuring: Measuring, metric: str, part: str, key: str) -> Percentiles:
    p50, p95, p99 = (percentile_metric(metric, share) for share in (0.50, 0.95, 0.99))
    median, high, highest = (measure(measuring, Asked(each, part=part)) for each in (p50, p95, p99))
    return Percentiles(key, median, high, highest,
                       measure(measuring, Asked(p95, "control", part=part)), change_of(measuring, p95, part))


def percentile_metric(store_metric: str, share: float) -> Metric:
    """The catalogue's percentile of requests, or the same of renders."""
    requests = CATALOG[f"api_response_p{round(share * 100)}"]
    if store_metric == "request_duration":
        return requests
    return replace(requests, key=f"render_time_p{round(share * 100)}", noun="renders", source=("render",),
                   formula=Percentile(store_metric, share, PER_MS))
