"""Small drawings: SVG as a data-URI image in markdown, so that they have alt text and sit in any table cell.

Every function returns markdown. The colours serve both themes; a drawing never says anything that the words beside it
do not say too.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from rollout_core.charts import palette
from rollout_core.charts.words import plain

_TRACK = f'fill="{palette.MUTED}" fill-opacity=".15"'
Scale = tuple[float, float]
WIDTH = 176
"""Width in px of what stands in a table's evidence column."""


def image(svg: str, alt: str) -> str:
    """SVG text as a markdown image with alternative text."""
    return f"![{plain(alt)}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _svg(width: int, height: int, body: str) -> str:
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">{body}</svg>')


def _bar(x: float, width: float, y: float, height: float, paint: str, radius: float = 3) -> str:
    return f'<rect x="{x:.1f}" y="{y:g}" width="{max(width, 0):.1f}" height="{height:g}" rx="{radius:g}" {paint}/>'


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values to pixels; what lies outside the scale is drawn at its edge."""

    scale: Scale
    width: int

    def x(self, value: float) -> float:
        low, high = self.scale
        inside = min(max(value, low), high)
        return 4 + (inside - low) / ((high - low) or 1) * (self.width - 8)


def scale_around(low: float, high: float, target: float) -> Scale:
    """A scale that shows the whole interval and the target with room on both sides."""
    least, most = min(low, target), max(high, target)
    room = (most - least) * 0.35 or abs(target) * 0.2 or 1.0
    return least - room, most + room


def _whisker(axis: _Axis, low: float, value: float, high: float, colour: str) -> str:
    return (f'<line x1="{axis.x(low):.1f}" x2="{axis.x(high):.1f}" y1="11" y2="11" stroke="{colour}" '
            f'stroke-width="4" stroke-linecap="round"/><circle cx="{axis.x(value):.1f}" cy="11" r="4.5" '
            f'fill="{colour}" stroke="#fff" stroke-width="1.5"/>')


def _tick(x: float) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="1" y2="21" stroke="{palette.MUTED}" stroke-width="2"/>'


def interval_bar(bounds: tuple[float, float, float], target: float, better: str, colour: str, alt: str,
                 scale: Scale | None = None) -> str:
    """An interval (low, value, high) against its target; the acceptable side ("low" or "high" is better) is tinted."""
    (low, value, high), width = bounds, WIDTH
    axis = _Axis(scale or scale_around(low, high, target), width)
    at = axis.x(target)
    left, right = (4.0, at) if better == "low" else (at, width - 4.0)
    body = (_bar(4, width - 8, 4, 14, _TRACK)
            + _bar(left, right - left, 4, 14, f'fill="{palette.GOOD}" fill-opacity=".28"')
            + _tick(at) + _whisker(axis, low, value, high, colour))
    return image(_svg(width, 22, body), alt)


def interval_on(bounds: tuple[float, float, float], scale: Scale, colour: str, alt: str) -> str:
    """An interval (low, value, high) on a scale, held against nothing."""
    axis = _Axis(scale, WIDTH)
    return image(_svg(WIDTH, 22, _bar(4, WIDTH - 8, 4, 14, _TRACK) + _whisker(axis, *bounds, colour)), alt)


def around_zero(bounds: tuple[float, float, float], colour: str, reach: float, alt: str, width: int = WIDTH) -> str:
    """A difference (low, value, high) around zero; `reach` is the value at either edge, shared by a column."""
    axis = _Axis((-reach, reach), width)
    body = _bar(4, width - 8, 4, 14, _TRACK) + _tick(width / 2) + _whisker(axis, *bounds, colour)
    return image(_svg(width, 22, body), alt)


def hatch(alt: str, width: int = WIDTH, height: int = 22) -> str:
    """No data drawn as no data: hatched with a dashed rim, never zero and never a flat line."""
    lines = "".join(f'<line x1="{x}" y1="{height - 4}" x2="{x + 14}" y2="4" stroke="{palette.MUTED}" '
                    'stroke-opacity=".55"/>' for x in range(-8, width, 8))
    body = (f'<clipPath id="c"><rect x="4" y="4" width="{width - 8}" height="{height - 8}" rx="3"/></clipPath>'
            f'<g clip-path="url(#c)">{lines}</g>'
            f'<rect x="4.5" y="4.5" width="{width - 9}" height="{height - 9}" rx="3" fill="none" '
            f'stroke="{palette.MUTED}" stroke-dasharray="3 3"/>')
    return image(_svg(width, height, body), alt)


def spark(values: Sequence[float | None], alt: str, scale: Scale = (0, 100), colour: str = palette.MUTED,
          width: int = 76, height: int = 20) -> str:
    """A bare trend on a fixed scale; a missing value breaks the line, a missing last one has no dot."""
    if not any(value is not None for value in values):
        return hatch(alt, width, height)
    low, high = scale
    step = (width - 8) / max(len(values) - 1, 1)
    path, pen, last = "", False, ""
    for place, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = 4 + place * step, 3 + (high - min(max(value, low), high)) / ((high - low) or 1) * (height - 6)
        path, pen = f"{path}{'L' if pen else 'M'}{x:.1f} {y:.1f}", True
        if place == len(values) - 1:
            last = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    body = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>{last}'
    return image(_svg(width, height, body), alt)


def shares(parts: Sequence[tuple[float, str]], alt: str, width: int = 150, height: int = 12) -> str:
    """A stacked bar of (share, colour) with gaps between the parts; nothing at all is hatched."""
    total = sum(part for part, _ in parts)
    if total <= 0:
        return hatch(alt, width, max(height, 16))
    body, x = "", 0.0
    for part, colour in parts:
        wide = part / total * width
        if wide > 1:
            body += _bar(x, max(wide - 2, 1), 1, height - 2, f'fill="{colour}"', 2)
        x += wide
    return image(_svg(width, height, body), alt)


def floating(low: float, high: float, colour: str, alt: str, width: int = 420) -> str:
    """One row of a waterfall: a bar from `low` to `high` on the fixed scale 0..100; equal ends give a thin tick."""
    axis = _Axis((0, 100), width)
    body = (_bar(4, width - 8, 3, 14, _TRACK, 2)
            + _bar(axis.x(low), max(axis.x(high) - axis.x(low), 2), 3, 14, f'fill="{colour}"', 2))
    return image(_svg(width, 20, body), alt)


def filling(now: float, then: float, alt: str, width: int = 320) -> str:
    """An audience as shares 0..1: who has it now (solid), who joins at the next phase (dashed), who stays out (track).

    `then` is the share after the next phase; below `now` nothing is dashed.
    """
    solid, joins = min(max(now, 0), 1) * width, (min(max(then, 0), 1) - min(max(now, 0), 1)) * width
    body = _bar(0, width, 2, 10, f'fill="{palette.MUTED}" fill-opacity=".2"')
    if solid:
        body += _bar(0, solid, 2, 10, f'fill="{palette.TREATMENT}"')
    if joins > 2:
        body += _bar(solid + 1, joins - 2, 3, 8, f'fill="{palette.TREATMENT}" fill-opacity=".25" '
                     f'stroke="{palette.TREATMENT}" stroke-dasharray="3 2"', 2)
    return image(_svg(width, 14, body), alt)


def ministepper(current: int, total: int, alarmed: bool = False, width: int = 226) -> str:
    """Phases as segments for a list; `current` is 1-based, 0 before the start; `alarmed` marks paused or stopped."""
    gap = 4
    wide = (width - gap * (total - 1)) / max(total, 1)
    body = ""
    for place in range(1, total + 1):
        paint = f'fill="{palette.MUTED}"' + (' fill-opacity=".25"' if place > current else "")
        if place == current:
            paint = f'fill="{palette.POOR if alarmed else palette.TREATMENT}"'
        body += _bar((place - 1) * (wide + gap), wide, 2, 8, paint)
    return image(_svg(width, 12, body), f"Phase {current} of {total}" if current else f"Not started, {total} phases")
