"""The catalogue's numbers for one rollout and window: treatment, control and the change between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.insight.formulas import Asked, store_metric
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.judge import JUDGES
from rollout_core.insight.measure import measure
from rollout_core.insight.measuring import Measuring, no_data
from rollout_core.insight.people import left_out
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.window import window_of
from rollout_core.insight.words import target_in_words
from rollout_core.metrics.catalog import CATALOG, GROUPS, Metric
from rollout_core.metrics.formula import (
    Change,
    Mean,
    PerActive,
    Procedure,
    Proportion,
    TelemetryRatio,
    WorstChange,
)
from rollout_core.metrics.measured import Measured, Window
from rollout_core.ports.room import Room
from rollout_core.rollouts.phase import Comparison


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
    window with `causal` False. `targets` in words, from the plan's KPIs and criteria; `reached` says of each met |
    not_met | not_yet | no_data, by today's interval (no proof). `everybody`: all attributed."""

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
    reached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricsAnswer:
    """Rows in the catalogue's order. `left_out` counts subjects in no comparison, by why."""

    rollout: str
    window: Window
    rows: tuple[MetricRow, ...]
    left_out: tuple[tuple[str, int], ...]
    computed_at: datetime


COMPARISONS = (Change, WorstChange, TelemetryRatio)
"""Formulas that are comparisons themselves."""

ARMLESS = (*COMPARISONS, Procedure)
"""Formulas without arms: their number stands where treatment's does."""


def answer(room: Room, request: MetricsRequest) -> MetricsAnswer:
    """The catalogue's rows that were asked for. Raises InvalidRequest for unknown metrics, groups, windows."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    metrics = chosen(request.metrics, request.group)
    measuring.read_ahead(store_metric(measuring, metric) for metric in metrics)
    measuring.prefetch((store_metric(measuring, metric) for metric in metrics if has_sums(metric)), request.flag)
    rows = tuple(metric_row(measuring, metric, request.flag) for metric in metrics)
    return MetricsAnswer(now_scene.rollout.key, window, rows, left_out(room.events, now_scene), now_scene.now)


def has_sums(metric: Metric) -> bool:
    """True when the metric is made of the sums of one store metric."""
    return isinstance(metric.formula, Proportion | Mean | PerActive)


def chosen(keys: tuple[str, ...], group: str | None) -> list[Metric]:
    """The metrics of these keys and this group. Raises InvalidRequest."""
    unknown = [key for key in keys if key not in CATALOG]
    if unknown or (group is not None and group not in GROUPS):
        raise InvalidRequest(f"There is no metric or group {', '.join(unknown) or group}.",
                             mend=f"Groups are {', '.join(GROUPS)}; metrics are {', '.join(CATALOG)}.")
    return [metric for key, metric in CATALOG.items()
            if (not keys or key in keys) and (group is None or metric.group == group)]


def metric_row(measuring: Measuring, metric: Metric, flag: str | None = None) -> MetricRow:
    """One metric in both arms with the change between them."""
    everybody = measure(measuring, Asked(metric, None, flag))
    about = (metric.key, metric.name, metric.group, metric.unit, metric.direction)
    aims = targets_of(measuring.scene, metric)
    targets = tuple(target_in_words(comparison, target, metric.unit) for comparison, target in aims)
    if isinstance(metric.formula, ARMLESS):
        empty = no_data(metric, measuring.window, "control", "not counted by arm")
        change = everybody if isinstance(metric.formula, COMPARISONS) else empty
        return MetricRow(*about, everybody, empty, everybody, change, targets, _reached(everybody, aims))
    treatment, control = (measure(measuring, Asked(metric, arm, flag)) for arm in ("treatment", "control"))
    return MetricRow(*about, treatment, control, everybody, change_of(measuring, metric, flag=flag), targets,
                     _reached(treatment, aims))


Aim = tuple[Comparison, float]


def _reached(measured: Measured, aims: tuple[Aim, ...]) -> tuple[str, ...]:
    return tuple(str(JUDGES["evidence"].judge(measured, *aim)) for aim in aims)


def targets_of(scene: Scene, metric: Metric) -> tuple[Aim, ...]:
    """What the plan's KPIs and the present phase's criteria ask of a metric."""
    kpis = [(kpi.comparison, kpi.target) for kpi in scene.plan.kpis if kpi.metric == metric.key]
    phase = next((phase for phase in scene.plan.phases if phase.key == scene.rollout.phase), None)
    gates = [(each.comparison, each.target) for each in (phase.criteria if phase else ()) if each.metric == metric.key]
    return tuple(dict.fromkeys((comparison, target) for comparison, target in kpis + gates
                               if comparison is not None and target is not None))
