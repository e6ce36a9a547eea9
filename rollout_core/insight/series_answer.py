"""Answers series: one metric per bucket and arm, with gaps where there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.insight.formulas import store_metric, why_unknown
from rollout_core.insight.measuring import CONTROL, MEMBERS, TREATMENT, Measuring
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.series import ArmSeries, Band, Point, SeriesAnswer, SeriesRequest
from rollout_core.insight.series_buckets import DAY, HOUR, bucket_of, coarser, grid_of, joined, width_of
from rollout_core.insight.timeline import marks
from rollout_core.insight.window import window_of
from rollout_core.metrics.aggregates import NOTHING, Sums
from rollout_core.metrics.catalog import CATALOG, Metric
from rollout_core.metrics.formula import Mean, Percentile, Proportion
from rollout_core.metrics.interval import Interval, mean_interval, wilson
from rollout_core.metrics.measured import Window
from rollout_core.metrics.percentile import percentile_interval, percentile_of_bins
from rollout_core.metrics.vital_score import VITAL_LIMITS
from rollout_core.ports.event_questions import Histogram, Rows, Timeline, TimelineBins, Totals
from rollout_core.ports.room import Room

ARMS = (TREATMENT, CONTROL)
SIDES = {arm: tuple(side for side in ARMS if arm in MEMBERS[side]) for arm in MEMBERS[None]}
"""An answer's arm -> the lines it counts for."""


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn: the metric, its bucket width, and the conditions that narrow it."""

    metric: Metric
    seconds: int
    where: tuple[tuple[str, str], ...]

    @property
    def binned(self) -> bool:
        """True when it is drawn from histograms."""
        return isinstance(self.metric.formula, Percentile)


def answer(room: Room, request: SeriesRequest) -> SeriesAnswer:
    """The line of each arm. Raises InvalidRequest for a metric that cannot be drawn over time."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    metric = _drawable(request.metric)
    where = tuple((column, value) for column in ("page", "device", "endpoint", "category", "flag")
                  if (value := getattr(request, column)) is not None)
    plot = Plot(metric, width_of(window, request.points, binned=isinstance(metric.formula, Percentile),
                                 narrowed=bool(where)), where)
    counted = _counted(Measuring(room.events, now_scene, window), plot)
    seconds = coarser(list(counted.values()), window, plot.seconds, request.sample)
    lines = tuple(ArmSeries(arm, tuple(_points(plot.metric, joined(counted[arm], seconds), grid_of(window, seconds))))
                  for arm in ARMS)
    return SeriesAnswer(now_scene.rollout.key, metric.key, metric.name, metric.unit, metric.direction, window,
                        seconds, lines, marks(now_scene, window), bands_of(now_scene, metric))


def bands_of(scene: Scene, metric: Metric) -> tuple[Band, ...]:
    """Judged stretches of the value axis: a vital's ratings, else the target of the present phase's criterion."""
    vital = metric.key.removesuffix("_p75").upper()
    if metric.key.endswith("_p75") and vital in VITAL_LIMITS:
        limits = VITAL_LIMITS[vital]
        return (Band("good", None, limits.good), Band("needs improvement", limits.good, limits.poor),
                Band("poor", limits.poor, None))
    phase = next((phase for phase in scene.plan.phases if phase.key == scene.rollout.phase), None)
    return tuple(Band("target", each.target, None) if str(each.comparison).startswith(">") else
                 Band("target", None, each.target)
                 for each in (phase.criteria if phase else ()) if each.metric == metric.key)


def _drawable(key: str) -> Metric:
    metric = CATALOG.get(key)
    if metric is None or not isinstance(metric.formula, Proportion | Mean | Percentile):
        names = [each.key for each in CATALOG.values() if isinstance(each.formula, Proportion | Mean | Percentile)]
        raise InvalidRequest(f"{key!r} cannot be drawn over time.", mend=f"Draw one of {', '.join(names)}.")
    return metric


def _counted(measuring: Measuring, plot: Plot) -> dict[str, dict[datetime, Any]]:
    """Arm -> start of a bucket -> its sums, or its histogram. A line of zeros that are unknown is not drawn."""
    if plot.binned:
        return dict(_bins(measuring, plot))
    return {arm: {} if _unknown(measuring, plot, arm, buckets) else buckets
            for arm, buckets in _sums(measuring, plot).items()}


def _unknown(measuring: Measuring, plot: Plot, arm: str, buckets: Mapping[datetime, Sums]) -> bool:
    hits = any(each.s for each in buckets.values())
    return bool(buckets) and not hits and bool(why_unknown(measuring, plot.metric, arm))


def _points(metric: Metric, buckets: Mapping[datetime, Any], grid: list[datetime]) -> Iterable[Point]:
    if isinstance(metric.formula, Percentile):
        return (_of_bins(metric, at, buckets.get(at, {})) for at in grid)
    return (_of_sums(metric, at, buckets.get(at, NOTHING)) for at in grid)


def _of_sums(metric: Metric, at: datetime, sums: Sums) -> Point:
    if sums.n == 0:
        return Point(at, None, None, None, 0)
    if isinstance(metric.formula, Proportion):
        good = sums.n - sums.s if metric.formula.complement else sums.s
        return _point(at, good / sums.n, wilson(good, sums.n), sums.n, 1.0)
    per = metric.formula.per if isinstance(metric.formula, Mean) else 1
    return _point(at, sums.s / sums.n, mean_interval(sums), sums.n, per)


def _of_bins(metric: Metric, at: datetime, bins: Mapping[int, int]) -> Point:
    form = metric.formula
    value = percentile_of_bins(bins, form.share) if isinstance(form, Percentile) else None
    if value is None or not isinstance(form, Percentile):
        return Point(at, None, None, None, 0)
    return _point(at, value, percentile_interval(bins, form.share), sum(bins.values()), form.per)


def _point(at: datetime, value: float, interval: Interval | None, n: int, per: float) -> Point:
    low, high = (None, None) if interval is None else (interval.low / per, interval.high / per)
    return Point(at, value / per, low, high, n)


def _sums(measuring: Measuring, plot: Plot) -> dict[str, dict[datetime, Sums]]:
    """Arm -> bucket -> sums: raw for widths below an hour or where narrowed, else from hourly rollups."""
    key, width = store_metric(measuring, plot.metric), timedelta(seconds=plot.seconds)
    question: Timeline | Totals = (
        Timeline(measuring.rollout, (key,), measuring.window, plot.seconds, plot.where)
        if plot.seconds < HOUR or plot.where else Totals(measuring.window, (key,), measuring.rollout, ("hour", "arm")))
    answer = measuring.ask(question)
    began, arm, n, s, ss = _places(answer, "at" if isinstance(question, Timeline) else "hour", "arm", "n", "s", "ss")
    found: dict[str, dict[datetime, Sums]] = {side: {} for side in ARMS}
    for row in answer.rows:
        for side in SIDES.get(row[arm], ()):
            at = bucket_of(row[began], width)
            found[side][at] = found[side].get(at, NOTHING) + Sums(row[n], int(row[s] or 0), int(row[ss] or 0))
    return found


def _bins(measuring: Measuring, plot: Plot) -> dict[str, dict[datetime, dict[int, int]]]:
    """Arm -> bucket -> histogram counts: raw for widths below a day or where narrowed, else from daily rollups."""
    key, width = store_metric(measuring, plot.metric), timedelta(seconds=plot.seconds)
    question: TimelineBins | Histogram = (
        TimelineBins(measuring.rollout, (key,), measuring.window, plot.seconds, plot.where)
        if plot.seconds < DAY or plot.where else Histogram(measuring.window, (key,), measuring.rollout, ("day", "arm")))
    answer = measuring.ask(question)
    by_day = isinstance(question, Histogram)
    began, arm, b, n = _places(answer, "day" if by_day else "at", "arm", "b", "n")
    starts = {moment: bucket_of(_midnight(moment, measuring.window) if by_day else moment, width)
              for moment in {row[began] for row in answer.rows}}
    found: dict[str, dict[datetime, dict[int, int]]] = {side: {} for side in ARMS}
    for row in answer.rows:
        for side in SIDES.get(row[arm], ()):
            into = found[side].setdefault(starts[row[began]], {})
            into[row[b]] = into.get(row[b], 0) + row[n]
    return found


def _places(answer: Rows, *columns: str) -> list[int]:
    return [answer.columns.index(column) for column in columns]


def _midnight(day: date, window: Window) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=window.since_at.tzinfo)
