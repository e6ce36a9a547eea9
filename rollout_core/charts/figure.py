"""Charts in the house style: horizontal grid, explicit text colours, ribbons with gaps, judged bands, marks. The caller
draws with the mode bar off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rollout_core.charts import palette
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture

Number = float | None
SAME = 0.02
"""Marks nearer than this share of the axis to the one before stand as one label."""
ROWS, LATE, WORDS = 4, 0.6, 0.3
"""In how many rows marks are written, from which part of the axis on their words stand on the left, and how much of the
axis the words of one take, on a phone."""


@dataclass(frozen=True, slots=True)
class Run:
    """One arm over time: equally long `x` (bucket starts, already in the viewer's zone) and values; None is a gap."""

    arm: str
    x: Sequence[Any]
    value: Sequence[Number]
    low: Sequence[Number] = ()
    high: Sequence[Number] = ()


def figure(theme: Theme, height: int = 280) -> Picture:
    """An empty chart in the house style. Text colours are explicit: Streamlit's own ticks are too pale."""
    text = {"color": palette.TEXT[theme], "size": 12}
    return Picture({
        "height": height, "margin": {"l": 4, "r": 8, "t": 28, "b": 4}, "hovermode": "x unified", "dragmode": False,
        "font": text,
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "xanchor": "left", "yanchor": "bottom", "font": text},
        "xaxis": {"showgrid": False, "zeroline": False, "automargin": True, "tickfont": text},
        "yaxis": {"zeroline": False, "automargin": True, "nticks": 5, "tickfont": text,
                  "gridcolor": palette.GRID[theme]}})


def note(fig: Picture, text: str, **where: Any) -> None:
    """Words inside the chart, in the chart's own text colour. `text` is ours: plotly reads a little HTML."""
    fig.add_annotation(text=literal(text), showarrow=False, font=fig.layout["font"], **where)


def literal(text: str) -> str:
    """Text that plotly draws as it is: it reads a little HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def known_runs(values: Sequence[Number]) -> list[tuple[int, int]]:
    """The stretches [start, stop) without a missing value: [None, 1, 2, None, 3] -> [(1, 3), (4, 5)]."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for place, value in enumerate([*values, None]):
        if value is not None and start is None:
            start = place
        elif value is None and start is not None:
            runs.append((start, place))
            start = None
    return runs


def ribbon(fig: Picture, run: Run) -> None:
    """An arm's line with its interval; each run between gaps is a closed polygon of its own, so gaps stay gaps."""
    colour = palette.ARM.get(run.arm, palette.MUTED)
    whole = [v if lo is not None and hi is not None else None
             for v, lo, hi in zip(run.value, run.low, run.high, strict=True)] if run.low else []
    for start, stop in known_runs(whole):
        xs = list(run.x[start:stop])
        fig.add_scatter(x=xs + xs[::-1], y=list(run.high[start:stop]) + list(run.low[start:stop])[::-1],
                        fill="toself", fillcolor=palette.soft(colour, 0.18), line={"width": 0}, hoverinfo="skip",
                        showlegend=False, mode="lines")
    lonely = [start for start, stop in known_runs(run.value) if stop - start == 1]
    fig.add_scatter(x=list(run.x), y=list(run.value), name=run.arm.capitalize(), connectgaps=False,
                    mode="lines+markers" if lonely else "lines", legendrank=_rank(run.arm),
                    marker={"size": [5 if place in lonely else 0 for place in range(len(run.x))]} if lonely else None,
                    line={"color": colour, "width": palette.WIDTH.get(run.arm, 2),
                          "dash": palette.DASH.get(run.arm, "solid")})


def _rank(arm: str) -> int:
    return list(palette.ARM).index(arm) + 1 if arm in palette.ARM else 9


def line(fig: Picture, name: str, x: Sequence[Any], y: Sequence[Number], place: int = 0, **more: Any) -> None:
    """A series that is not an arm; `place` chooses its fixed colour and dash."""
    fig.add_scatter(x=list(x), y=list(y), name=literal(name), mode="lines", connectgaps=False,
                    line={"color": palette.SERIES[place % 6], "width": 2, "dash": palette.SERIES_DASH[place % 6]},
                    **more)


def band(fig: Picture, level: str, ends: tuple[float, float], axis: str = "y", label: str = "",
         strength: float = 0.12) -> None:
    """A judged region (good | needs improvement | poor), tinted, its name written inside at the top right."""
    fig.add_region(axis, ends, palette.soft(palette.BAND[level], strength))
    if label and axis == "y":
        note(fig, label, xref="paper", x=1, y=ends[1], xanchor="right", yanchor="top", xshift=-4, bgcolor=_under(fig),
             borderpad=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment: a phase change (grey) or an incident, deploy or rollback (crimson)."""

    at: datetime
    text: str
    incident: bool = False


def marks(fig: Picture, happened: Sequence[Mark], ends: tuple[datetime, datetime]) -> None:
    """Thin vertical lines at their minute with words at the foot, those within `ends` only.

    Those at nearly the same place are one label ("Phase 5, 75%, 3 more"). Neighbours take different rows; towards the
    right edge the words stand left of their line, so none is cut off.
    Where all rows are taken only the line is drawn, and the words before it say how many more there are.
    """
    length = (ends[1] - ends[0]) or timedelta(seconds=1)
    inside = [mark for mark in sorted(happened, key=lambda each: each.at) if ends[0] <= mark.at <= ends[1]]
    for mark in inside:
        colour, width = (palette.POOR, 1.5) if mark.incident else (palette.MUTED, 1.0)
        fig.add_vline(x=mark.at, line={"color": colour, "width": width})
    for mark, row, more in _placed(inside, [(mark.at - ends[0]) / length for mark in inside]):
        late = (mark.at - ends[0]) / length > LATE
        note(fig, f"{mark.text}, {more} more" if more else mark.text, x=mark.at, yref="paper", y=0,
             xanchor="right" if late else "left", yanchor="bottom", xshift=-4 if late else 4, yshift=16 * row,
             bgcolor=_under(fig), borderpad=1)


def _placed(marks: Sequence[Mark], places: Sequence[float]) -> list[tuple[Mark, int, int]]:
    """(mark, its row, how many after it found no row); the place is the share of the axis left of the mark."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    written: list[tuple[Mark, int, int]] = []
    at = 0.0
    for mark, place in zip(marks, places, strict=True):
        left, right = (place - WORDS, place) if place > LATE else (place, place + WORDS)
        rows = [(len(written) + step) % ROWS for step in range(ROWS)]
        row = next((row for row in rows if all(right <= start or left >= end for start, end in taken[row])), None)
        close = bool(written) and place - at < SAME
        at = at if close else place
        if row is None or close:
            before, kept, more = written[-1]
            written[-1] = (before, kept, more + 1)
        else:
            taken[row].append((left, right))
            written.append((mark, row, 0))
    return written


def _under(fig: Picture) -> str:
    """What keeps words readable over lines: the page's own colour, a little transparent."""
    dark = fig.layout["font"]["color"] == palette.TEXT["dark"]
    return palette.soft(palette.PAGE["dark" if dark else "light"], 0.75)


def nothing_drawn(theme: Theme, words: str, height: int = 200) -> Picture:
    """A chart without any data: no axes, only words. Never an empty grid that looks like zero."""
    fig = figure(theme, height)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    note(fig, words, xref="paper", yref="paper", x=0.5, y=0.5)
    return fig
