"""The theme's colours are seen: what has only a border to be seen by stands out from the page."""

from __future__ import annotations

import tomllib
from pathlib import Path

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of "#rrggbb"."""
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_in_the_dark_a_button_that_is_not_chosen_stands_out_from_the_page_as_wcag_asks() -> None:
    dark = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]["dark"]
    light, deep = luminance(dark["borderColor"]), luminance(dark["backgroundColor"])
    assert (light + 0.05) / (deep + 0.05) >= 3
