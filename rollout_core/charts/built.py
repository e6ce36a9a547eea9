"""A chart that somebody builds over the columns of an answer: kind, x, y, colour. Drawn as answered, without intervals.

At most MOST_POINTS a trace: lines keep the smallest and the largest value of each stretch, so that no peak is lost;
bars and dots keep the first ones. Arms have their fixed colours and dashes everywhere, so here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from rollout_core.charts import figure, palette
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture

Kind = Literal["Bars", "Line", "Dots"]
KINDS: tuple[Kind, ...] = ("Bars", "Line", "Dots")
DAY_MS = 86_400_000
TICKS = [{"dtickrange": [None, DAY_MS - 1], "value": "%a %-d %b, %H:%M"},
         {"dtickrange": [DAY_MS, "M1"], "value": "%-d %b"},
         {"dtickrange": ["M1", "M12"], "value": "%b %Y"}, {"dtickrange": ["M12", None], "value": "%Y"}]
"""How far apart ticks of times are -> how they are written, as on the other pages: "11 Oct"."""
MOST_POINTS = 2_000
MOST_COLOURS = 12

Point = tuple[Any, float | None]


@dataclass(frozen=True, slots=True)
class Built:
    """The figure, and how much of the answer is in it. `colours_left_out` had the fewest rows."""

    fig: Picture
    drawn: int
    rows: int
    colours_left_out: int = 0


def built(theme: Theme, kind: Kind, x: Sequence[Any], y: Sequence[float | None], colour: Sequence[Any] = (),
          name: str = "") -> Built:
    """Draws equally long columns; `colour` empty: one trace called `name`."""
    groups = _groups(x, y, colour) if len(colour) else {name: list(zip(x, y, strict=True))}
    largest = sorted(groups, key=lambda key: (-len(groups[key]), key))[:MOST_COLOURS]
    fig = figure.figure(theme, height=300)
    drawn = 0
    for place, key in enumerate(each for each in groups if each in set(largest)):
        points = thinned(groups[key]) if kind == "Line" else groups[key][:MOST_POINTS]
        drawn += len(points)
        points = forward(points) if kind == "Line" else points
        _trace(fig, kind, key, points, place if len(colour) else None)
    fig.update_layout(hovermode="closest", barmode="group", showlegend=bool(len(colour)))
    fig.update_xaxes(type="category" if kind == "Bars" and not _ordered(x) else None)
    if any(isinstance(each, date) for each in x):
        fig.update_xaxes(tickformatstops=TICKS, hoverformat="%a %-d %b %Y, %H:%M")
    return Built(fig, drawn, len(x), len(groups) - len(largest))


def _groups(x: Sequence[Any], y: Sequence[float | None], colour: Sequence[Any]) -> dict[str, list[Point]]:
    """Points by colour, arms first in their own order, then as they come."""
    found: dict[str, list[Point]] = {}
    for each, at, value in zip(colour, x, y, strict=True):
        found.setdefault("none" if each is None else str(each), []).append((at, value))
    arms = [arm for arm in palette.ARM if arm in found]
    return {key: found[key] for key in (*arms, *(key for key in found if key not in palette.ARM))}


def thinned(points: list[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most `most` points: of each stretch the smallest and the largest value, in their order."""
    if len(points) <= most:
        return points
    stretches = most // 2
    kept: list[Point] = []
    for place in range(stretches):
        part = points[place * len(points) // stretches:(place + 1) * len(points) // stretches]
        known = [number for number, (_, value) in enumerate(part) if value is not None]
        if not known:
            kept.append(part[0])
            continue
        by_value = sorted(known, key=lambda number: part[number][1] or 0.0)
        kept += [part[number] for number in sorted({by_value[0], by_value[-1]})]
    return kept


def forward(points: list[Point]) -> list[Point]:
    """With a gap wherever x falls back: rows of another group without a colour of its own begin a line of their own,
    instead of being tied to the last one right across the chart."""
    found: list[Point] = []
    for point in points:
        if found and _falls_back(found[-1][0], point[0]):
            found.append((point[0], None))
        found.append(point)
    return found


def _falls_back(before: Any, after: Any) -> bool:
    try:
        return bool(after < before)
    except TypeError:
        return False


def _trace(fig: Picture, kind: Kind, key: str, points: list[Point], place: int | None) -> None:
    """One trace; `place` None: it is alone and takes the text's colour, which means no arm."""
    alone = fig.layout["font"]["color"]
    colour = palette.ARM.get(key, alone if place is None else palette.SERIES[place % len(palette.SERIES)])
    dash = palette.DASH.get(key, "solid" if place is None else palette.SERIES_DASH[place % len(palette.SERIES_DASH)])
    xs = [figure.literal(at) if isinstance(at, str) else at for at, _ in points]
    ys, name = [value for _, value in points], figure.literal(key)
    if kind == "Bars":
        fig.add_bar(x=xs, y=ys, name=name, marker={"color": colour})
    elif kind == "Line":
        fig.add_scatter(x=xs, y=ys, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2})
    else:
        fig.add_scatter(x=xs, y=ys, name=name, mode="markers", marker={"color": colour, "size": 6})


def _ordered(x: Sequence[Any]) -> bool:
    """Whether the axis is one of times or numbers, not of names."""
    return all(not isinstance(each, str | bool) for each in x if each is not None)
