"""One metric over time: an arm per line with its interval, judged bands, phases and incidents as marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.charts import figure, formats
from rollout_core.charts.palette import MUTED, TEXT, Theme
from rollout_core.charts.picture import Picture
from rollout_core.insight.health import HealthAnswer
from rollout_core.insight.series import ArmSeries, Band, Mark, SeriesAnswer

Local = Callable[[datetime], datetime]
"""Turns a UTC time into the viewer's wall clock without zone."""

FEW = 10
"""A point of fewer measurements is noise: where most points have more, it is a gap, which the caption says."""
THIN = 0.09
"""A band of less of the axis has no room for its name."""
INCIDENTS = frozenset({"rollback", "pause", "stop", "incident", "release"})
_LEVELS = {"good": "good", "needs improvement": "needs improvement", "poor": "poor", "target": "good"}


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """How a unit is drawn: values times `factor`, then `suffix`; `format` is a d3 format."""

    factor: float
    suffix: str
    format: str


def value_axis(unit: str, largest: float) -> ValueAxis:
    """Shares in percent, milliseconds as seconds from 1,000, the rest as it is."""
    if unit in ("share", "relative"):
        return ValueAxis(100, "%", ".0f" if largest >= 0.05 else ".1f" if largest >= 0.01 else ".2f")
    if unit == "ms":
        return ValueAxis(0.001, " s", ".1f") if largest >= 1000 else ValueAxis(1, " ms", ".0f")
    return ValueAxis(1, {"minutes": " min", "days": " d"}.get(unit, ""), "" if largest >= 10 else ".2f")


def over_time(answer: SeriesAnswer, theme: Theme, local: Local, height: int = 280) -> Picture:
    """The chart of a SeriesAnswer. Without a single value it says so instead of drawing an empty grid."""
    answer = without_few(answer)
    ends_of_values = value_range(answer)
    if ends_of_values is None:
        return figure.nothing_drawn(theme, answer.note or "No data in this window")
    low, high = ends_of_values
    axis = value_axis(answer.unit, max(abs(low), abs(high)))
    fig = figure.figure(theme, height)
    for arm in sorted(answer.arms, key=lambda each: each.arm != "control"):
        figure.ribbon(fig, _run(arm, axis.factor, local))
    for judged in answer.bands:
        _band(fig, judged, (low, high), axis, answer.unit)
    ends = (local(answer.window.since_at), local(answer.window.until_at))
    figure.marks(fig, chart_marks(answer.marks, local), ends)
    fig.update_yaxes(range=[low * axis.factor, high * axis.factor], ticksuffix=axis.suffix, tickformat=axis.format)
    time_axis(fig, ends)
    return fig


def starts_at(answer: SeriesAnswer) -> str:
    """What a caption has to say when the value axis does not begin at zero; "" when it does."""
    ends = value_range(without_few(answer))
    return "" if ends is None or ends[0] <= 0 else f"axis starts at {formats.in_unit(ends[0], answer.unit)}"


def without_few(answer: SeriesAnswer) -> SeriesAnswer:
    """Points of fewer than FEW measurements as gaps, unless that is how most are."""
    known = [point.n for arm in answer.arms for point in arm.points if point.value is not None]
    if all(n >= FEW for n in known) or sum(n >= FEW for n in known) * 2 < len(known):
        return answer
    return replace(answer, arms=tuple(replace(arm, points=tuple(
        point if point.n >= FEW else replace(point, value=None, low=None, high=None) for point in arm.points))
        for arm in answer.arms))


def gaps(answer: SeriesAnswer) -> str:
    """What a caption has to say of points that were left out; "" when none was."""
    return "" if without_few(answer) is answer else f"gap: fewer than {FEW} measurements"


def value_range(answer: SeriesAnswer) -> tuple[float, float] | None:
    """The ends of the value axis in the metric's unit; None without a single value."""
    known = [(point.value, point.low, point.high) for arm in answer.arms for point in arm.points]
    values = [value for value, _, _ in known if value is not None]
    if not values:
        return None
    lows = [value if low is None else low for value, low, _ in known if value is not None]
    highs = [value if high is None else high for value, _, high in known if value is not None]
    return _reach(min(lows), _sane_top(highs, values), answer.unit)


def time_axis(fig: Picture, ends: tuple[datetime, datetime]) -> None:
    """Ticks as a reader names them: clock times within two days, else days."""
    short = ends[1] - ends[0] <= timedelta(days=2)
    fig.update_xaxes(range=list(ends), tickformat="%a %H:%M" if short else "%-d %b", nticks=6 if short else 7,
                     hoverformat="%a %-d %b, %H:%M")


def chart_marks(marks: Sequence[Mark], local: Local) -> list[figure.Mark]:
    """The core's marks as drawn ones."""
    return [figure.Mark(local(mark.at), mark.label, mark.kind in INCIDENTS) for mark in marks]


def score_curve(answer: HealthAnswer, theme: Theme, local: Local, height: int = 230) -> Picture:
    """The health score from 0 to 100 as steps, with its bands by name; a missing score is a gap."""
    if all(point.score is None for point in answer.history):
        return figure.nothing_drawn(theme, "No score in this window", height)
    fig = figure.figure(theme, height)
    figure.band(fig, "poor", (0, 60), strength=0.06)
    figure.band(fig, "needs improvement", (60, 80), strength=0.06)
    for words, top in (("unhealthy, below 60", 59), ("fair, 60 to 79", 79)):
        figure.note(fig, words, xref="paper", x=0, y=top, xanchor="left", yanchor="top", xshift=6)
    fig.add_scatter(x=[local(point.at) for point in answer.history], y=[point.score for point in answer.history],
                    name="Health", connectgaps=False, showlegend=False, mode="lines",
                    line={"color": TEXT[theme], "width": 2.5, "shape": "hv"})
    ends = (local(answer.history_window.since_at), local(answer.history_window.until_at))
    figure.marks(fig, chart_marks(answer.marks, local), ends)
    fig.update_yaxes(range=[0, 100], tickvals=[0, 20, 40, 60, 80, 100])
    fig.update_layout(margin={"t": 8})
    time_axis(fig, ends)
    return fig


def _run(arm: ArmSeries, factor: float, local: Local) -> figure.Run:
    def scaled(values: Sequence[float | None]) -> list[float | None]:
        return [None if value is None else value * factor for value in values]
    points = arm.points
    return figure.Run(arm.arm, [local(p.at) for p in points], scaled([p.value for p in points]),
                      scaled([p.low for p in points]), scaled([p.high for p in points]))


def _sane_top(highs: Sequence[float], values: Sequence[float]) -> float:
    """Points with huge intervals (a handful of page views) must not flatten the lines: their ribbon is cut.

    The lines always fit; ribbons fit as far as nine in ten do, but never so far that the lines use less than a third.
    """
    ranked, top = sorted(highs), max(values)
    usual = ranked[min(len(ranked) - 1, int(len(ranked) * 0.9))]
    return max(min(usual, 3 * top) if top > 0 else usual, top)


def _reach(low: float, high: float, unit: str) -> tuple[float, float]:
    """The value axis: from zero unless the values keep far from it; a margin above."""
    spread = (high - low) or abs(high) or 1.0
    near = 0.75 if unit in ("share", "relative") else 0.35
    if 0 <= low < near * high:
        low = 0.0
    elif low != 0:
        low -= 0.08 * spread
    top = high + 0.12 * spread
    return low, min(top, 1.0) if unit == "share" and high <= 1 and top > 1 else top


def _band(fig: Picture, judged: Band, ends: tuple[float, float], axis: ValueAxis, unit: str) -> None:
    low = ends[0] if judged.low is None else max(judged.low, ends[0])
    high = ends[1] if judged.high is None else min(judged.high, ends[1])
    if judged.name == "good" or low >= high:
        return
    if judged.name == "target":
        _target_line(fig, judged, axis, unit)
        return
    words = judged.name
    if judged.low is not None:
        words += f", above {formats.target(judged.low, unit)}"
    if (high - low) / (ends[1] - ends[0]) < THIN:
        words = ""                       # it would be written over the name of the band below
    figure.band(fig, _LEVELS.get(judged.name, "no data"), (low * axis.factor, high * axis.factor), label=words)


def _target_line(fig: Picture, judged: Band, axis: ValueAxis, unit: str) -> None:
    at = judged.low if judged.low is not None else judged.high
    if at is None:
        return
    side = "at least" if judged.low is not None else "at most"
    fig.add_hline(y=at * axis.factor, line={"color": MUTED, "width": 1.5, "dash": "dot"})
    figure.note(fig, f"target {side} {formats.target(at, unit)}", xref="paper", x=1, y=at * axis.factor,
                xanchor="right", yanchor="bottom")
