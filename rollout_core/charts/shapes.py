"""Charts that are not over time: distributions on a log axis, retention, scores given, cohorts, flags used together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import wrap

from rollout_core.charts import figure, formats, palette
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture
from rollout_core.insight.adoption import AdoptionAnswer
from rollout_core.insight.business import RetentionPoint, ScoreCount
from rollout_core.insight.vitals import HistogramBin, VitalCard


def distribution(bins: Sequence[HistogramBin], card: VitalCard, theme: Theme, height: int = 280) -> Picture:
    """Each arm's share of page views per class, in equal bins for both arms, on a log axis, with the judged regions."""
    drawn = [each for each in coarser(bins) if each.treatment > 0 or each.control > 0]
    if not drawn:
        return figure.nothing_drawn(theme, f"No {card.vital} in this window", height)
    fig = figure.figure(theme, height)
    floor = 0.001 if card.unit != "ms" else 1.0
    middles = [math.sqrt(max(each.low, floor) * max(each.high, floor)) for each in drawn]
    first, last = max(drawn[0].low, floor), max(each.high for each in drawn)
    last = max(last, card.poor_above * 1.3)
    figure.band(fig, "needs improvement", (card.good_up_to, card.poor_above), "x")
    figure.band(fig, "poor", (card.poor_above, last), "x")
    for arm, values in (("control", [b.control for b in drawn]), ("treatment", [b.treatment for b in drawn])):
        fig.add_scatter(x=middles, y=[value * 100 for value in values], name=arm.capitalize(), mode="lines",
                        legendrank=1 if arm == "treatment" else 2,
                        line={"color": palette.ARM[arm], "dash": palette.DASH[arm], "width": palette.WIDTH[arm],
                              "shape": "spline", "smoothing": 0.4})
    edges = (first, card.good_up_to, card.poor_above, last)
    for place, word in enumerate(("good", "needs impr.", "poor")):
        middle = math.sqrt(edges[place] * edges[place + 1])
        height_of = 0.99 - 0.08 * (place % 2)       # the middle one lower: its region may be narrower than its word
        figure.note(fig, word, x=math.log10(middle), yref="paper", y=height_of, yanchor="top")
    ticks = [tick for tick in _TICKS if first <= tick <= last]
    fig.update_xaxes(type="log", tickvals=ticks, ticktext=[_tick(tick, card.unit) for tick in ticks],
                     range=[math.log10(first), math.log10(last)])
    fig.update_yaxes(ticksuffix="%", rangemode="tozero")
    return fig


CLASS_WIDTH = 1.15
"""The least ratio of a class's ends: finer ones show the noise of few page views."""


def coarser(bins: Sequence[HistogramBin], width: float = CLASS_WIDTH) -> list[HistogramBin]:
    """Neighbouring bins joined until each spans `width`; a bin that begins at zero stays by itself. Shares add up."""
    joined: list[HistogramBin] = []
    for each in bins:
        last = joined[-1] if joined else None
        if last is None or last.low <= 0 or last.high >= last.low * width:
            joined.append(each)
        else:
            joined[-1] = HistogramBin(last.low, each.high, last.treatment + each.treatment, last.control + each.control)
    return joined


_TICKS = (0.001, 0.01, 0.1, 0.25, 1, 10, 25, 50, 100, 200, 500, 1000, 2500, 4000, 10_000, 30_000)


def _tick(value: float, unit: str) -> str:
    return formats.milliseconds(value) if unit == "ms" else f"{value:g}"


def retention(points: Sequence[RetentionPoint], theme: Theme, height: int = 280) -> Picture:
    """Share active again by day since their first, of those old enough; days nobody has reached yet are left out."""
    if not any(point.treatment is not None or point.control is not None for point in points):
        return figure.nothing_drawn(theme, "Nobody is old enough for retention yet", height)
    fig = figure.figure(theme, height)
    for arm in ("control", "treatment"):
        ends = [getattr(point, f"{arm}_ends") or (None, None) for point in points]
        figure.ribbon(fig, figure.Run(arm, [point.day for point in points],
                                      _percents(getattr(point, arm) for point in points),
                                      _percents(low for low, _ in ends), _percents(high for _, high in ends)))
    fig.update_xaxes(title={"text": "days since first exposure", "font": fig.layout["font"]}, nticks=8)
    fig.update_yaxes(ticksuffix="%", rangemode="tozero")
    return fig


def _percents(shares: Iterable[float | None]) -> list[float | None]:
    return [None if share is None else share * 100 for share in shares]


def scores(counts: Sequence[ScoreCount], theme: Theme, height: int = 240) -> Picture:
    """Answers by score as shares of each arm, so that unequal arms compare."""
    totals = {"treatment": sum(each.treatment for each in counts), "control": sum(each.control for each in counts)}
    if not any(totals.values()):
        return figure.nothing_drawn(theme, "No answers in this window", height)
    fig = figure.figure(theme, height)
    hatched = {"shape": "/", "fgcolor": palette.CONTROL, "fillmode": "replace", "size": 6}
    patterns: dict[str, dict[str, object]] = {"treatment": {}, "control": hatched}
    for arm, pattern in patterns.items():
        given = [getattr(each, arm) / (totals[arm] or 1) * 100 for each in counts]
        fig.add_bar(x=[str(each.score) for each in counts], y=given, name=arm.capitalize(),
                    marker={"color": palette.ARM[arm], "pattern": pattern,
                            "line": {"color": palette.ARM[arm], "width": 1}})
    fig.update_layout(barmode="group", bargap=0.35)
    fig.update_xaxes(type="category")
    fig.update_yaxes(ticksuffix="%")
    return fig


def cohorts(answer: AdoptionAnswer, theme: Theme) -> Picture:
    """A week per row: the share of people first exposed then who had used it after k weeks; not old enough is blank."""
    if not answer.cohorts:
        return figure.nothing_drawn(theme, "No cohort yet")
    rows = list(answer.cohorts)
    weeks = max((k + 1 for row in rows for k, share in enumerate(row.shares) if share is not None), default=1)
    values = [[row.shares[k] if k < len(row.shares) else None for k in range(weeks)] for row in rows]
    shown = [["" if value is None else formats.percent(value, 0) for value in row] for row in values]
    fig = figure.figure(theme, 80 + 30 * len(rows))
    top = max((value for row in values for value in row if value is not None), default=1.0)
    fig.add_heatmap(z=values, x=[f"{k + 1} wk" for k in range(weeks)],
                    y=[f"{row.week.day} {row.week:%b} · {row.exposed:,}" for row in rows],
                    text=shown, texttemplate="%{text}", showscale=False, hoverongaps=False, xgap=3, ygap=3, zmin=0,
                    zmax=max(top, 0.01), colorscale=_shades(theme))
    fig.update_xaxes(side="top")
    fig.update_yaxes(autorange="reversed", showgrid=False, dtick=1)
    fig.update_layout(hovermode="closest", margin={"t": 8})
    return fig


def _shades(theme: Theme) -> list[tuple[float, str]]:
    """Light to blue; dark ends short of the full mark, so that the number on it keeps its contrast."""
    return [(0, "#f2f6fd"), (1, "#8fbcf5")] if theme == "light" else [(0, "#161d27"), (1, "#1b4f94")]


def together(answer: AdoptionAnswer, names: Sequence[str], theme: Theme) -> Picture:
    """Of the users of the row's flag, how many also use the column's: shares, the flag itself left blank.

    Rows carry number and name, columns only the number, cells percent without their sign: it reads on a phone.
    """
    size = len(answer.matrix_flags)
    if size < 2 or not any(answer.matrix[i][i] for i in range(size)):
        return figure.nothing_drawn(theme, "Nobody has used two of these flags yet")
    values = [[None if i == j or not answer.matrix[i][i] else answer.matrix[i][j] / answer.matrix[i][i]
               for j in range(size)] for i in range(size)]
    rows = [f"{place} · {_short(name)}" for place, name in enumerate(names, 1)]
    fig = figure.figure(theme, 80 + 36 * size)
    columns = [str(place) for place in range(1, size + 1)]
    fig.add_heatmap(z=values, x=columns, y=rows, showscale=False, hoverongaps=False, xgap=3, ygap=3, zmin=0,
                    zmax=1, text=[["" if v is None else f"{v * 100:.0f}" for v in row] for row in values],
                    texttemplate="%{text}", colorscale=_shades(theme))
    fig.update_xaxes(side="top", type="category", dtick=1)
    fig.update_yaxes(autorange="reversed", showgrid=False, dtick=1)
    fig.update_layout(hovermode="closest", margin={"t": 8})
    return fig


def _short(name: str, most: int = 22) -> str:
    """A name in at most two lines of a row."""
    # A flag without a name stands as its key, which may break after a "_".
    lines = [line.replace("_ ", "_") for line in wrap(name.replace("_", "_ "), most)][:3]
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1][:most - 1]}…"]
    return "<br>".join(figure.literal(line) for line in lines)
