"""Colours and dashes, each with one meaning.

Marks (lines, bars, dots) are one set for both themes: each has a contrast of at least 3:1 on white and on #111418.
They were chosen by search over simulated colour-vision deficiencies; nothing is told by colour alone, so every arm also
has its own dash and every judgement its own word and icon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Theme = Literal["light", "dark"]

TREATMENT = "#2b7de9"
CONTROL = "#7b8494"
HOLDOUT = "#9b49ae"
GOOD = "#379a9a"
NEEDS_IMPROVEMENT = "#c8800d"
POOR = "#cb234a"
MUTED = "#7b8494"

ARM: Mapping[str, str] = {"treatment": TREATMENT, "control": CONTROL, "holdout": HOLDOUT}
DASH: Mapping[str, str] = {"treatment": "solid", "control": "dash", "holdout": "dot"}
WIDTH: Mapping[str, float] = {"treatment": 2.5, "control": 2.0, "holdout": 2.0}
BAND: Mapping[str, str] = {
    "good": GOOD, "needs improvement": NEEDS_IMPROVEMENT, "poor": POOR, "no data": MUTED,
}
SERIES: tuple[str, ...] = (TREATMENT, NEEDS_IMPROVEMENT, HOLDOUT, GOOD, MUTED, POOR)
"""For series that are not arms (error categories, endpoints), in this order, each with its own dash."""
SERIES_DASH: tuple[str, ...] = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

TEXT: Mapping[Theme, str] = {"light": "#515b69", "dark": "#a4aebc"}
"""Text inside charts, at least 4.5:1 on the page; Streamlit's own tick colour has only 3.7:1 on white."""
PAGE: Mapping[Theme, str] = {"light": "#ffffff", "dark": "#111418"}
GRID: Mapping[Theme, str] = {"light": "#e6e9ed", "dark": "#262c35"}


def soft(colour: str, alpha: float) -> str:
    """`colour` (#rrggbb) as an rgba() with this opacity (0..1)."""
    red, green, blue = (int(colour[place:place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def theme_of(name: str | None) -> Theme:
    """What the browser reported, or light when it has reported nothing yet."""
    return "dark" if name == "dark" else "light"
