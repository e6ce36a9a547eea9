"""Two sides of a metric, part by part: dots with intervals on one axis, the first side solid, the second hollow."""

from __future__ import annotations

from collections.abc import Sequence

from rollout_core.charts import figure, palette
from rollout_core.charts.over_time import ValueAxis, value_axis
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture
from rollout_core.insight.compare import CompareAnswer, Pair
from rollout_core.metrics.measured import Measured

ROW = 44
"""Height of a part in px."""
LONGEST = 26


def two_sides(answer: CompareAnswer, theme: Theme) -> Picture:
    """A row per part (the whole on top). Without a single number it says so instead of drawing an empty grid."""
    whole = Pair("All", answer.first.measured, answer.second.measured, answer.difference, answer.change)
    pairs = [whole, *answer.parts]
    known = [end for pair in pairs for side in (pair.first, pair.second) for end in _ends(side)]
    if not known:
        return figure.nothing_drawn(theme, "No data on either side")
    axis = value_axis(answer.unit, max(abs(end) for end in known))
    names = [_short(pair.name or pair.key) for pair in pairs]
    fig = figure.figure(theme, 90 + ROW * len(pairs))
    _dots(fig, answer.first.label, names, [pair.first for pair in pairs], axis, hollow=False)
    _dots(fig, answer.second.label, names, [pair.second for pair in pairs], axis, hollow=True)
    fig.update_xaxes(ticksuffix=axis.suffix, tickformat=axis.format, nticks=6, showgrid=True,
                     gridcolor=palette.GRID[theme])
    fig.update_yaxes(autorange="reversed", showgrid=False, type="category", dtick=1)
    fig.update_layout(scattermode="group", scattergap=0.55, hovermode="closest")
    return fig


def _dots(fig: Picture, name: str, rows: Sequence[str], values: Sequence[Measured], axis: ValueAxis, *,
          hollow: bool) -> None:
    colour = palette.CONTROL if hollow else palette.TREATMENT
    known = [(row, each) for row, each in zip(rows, values, strict=True) if each.value is not None]
    middles = [(each.value or 0.0) * axis.factor for _, each in known]
    above = [0.0 if each.high is None else each.high * axis.factor - middle
             for (_, each), middle in zip(known, middles, strict=True)]
    below = [0.0 if each.low is None else middle - each.low * axis.factor
             for (_, each), middle in zip(known, middles, strict=True)]
    label = name[:1].upper() + name[1:]
    fig.add_scatter(x=middles, y=[row for row, _ in known], name=figure.literal(label), mode="markers",
                    orientation="h", offsetgroup="second" if hollow else "first", legendrank=2 if hollow else 1,
                    marker={"color": colour, "size": 9, "symbol": "circle-open" if hollow else "circle",
                            "line": {"width": 2, "color": colour}},
                    error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 0,
                             "thickness": 2, "color": palette.soft(colour, 0.75)})


def _ends(measured: Measured) -> list[float]:
    return [end for end in (measured.low, measured.value, measured.high) if end is not None and
            measured.value is not None]


def _short(name: str) -> str:
    return figure.literal(name if len(name) <= LONGEST else f"{name[:LONGEST - 1]}…")
