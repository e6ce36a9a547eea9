"""Small drawings: what is drawn follows from the numbers."""

import base64
import re

import pytest

from rollout_core.charts import drawings, palette
from rollout_core.charts.steps import Step, stepper


def svg(markdown: str) -> str:
    """The SVG inside a drawing."""
    return base64.b64decode(markdown.partition("base64,")[2].rstrip(")")).decode()


def rects(markdown: str) -> list[tuple[float, float]]:
    """(x, width) of every rectangle."""
    found = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg(markdown))
    return [(float(x), float(width)) for x, width in found]


def test_the_tinted_side_is_the_acceptable_one():
    low = drawings.interval_bar((1.1, 1.3, 1.5), 2.0, "low", palette.GOOD, "a", (1.0, 3.0))
    high = drawings.interval_bar((1.1, 1.3, 1.5), 2.0, "high", palette.GOOD, "a", (1.0, 3.0))
    assert rects(low)[1] == (4.0, 84.0)      # (2 − 1) / (3 − 1) of 168 px, from the left
    assert rects(high)[1] == (88.0, 84.0)


def test_an_interval_outside_the_scale_stays_inside_the_picture():
    drawn = svg(drawings.interval_bar((-100, 0, 100), 1.0, "low", palette.GOOD, "a", (0.0, 2.0)))
    places = [float(x) for x in re.findall(r'x[12]="([\d.]+)"', drawn)]
    assert min(places) == 4.0
    assert max(places) == 172.0


def test_zero_is_in_the_middle_of_a_difference():
    drawn = svg(drawings.around_zero((-5, 0, 5), palette.MUTED, 10, "a", 100))
    assert '<circle cx="50.0"' in drawn


def test_a_missing_value_breaks_the_sparkline_and_a_missing_last_one_has_no_dot():
    drawn = svg(drawings.spark([1, None, 2, 3], "a"))
    assert drawn.count("M") == 2
    assert "<circle" in drawn
    assert "<circle" not in svg(drawings.spark([1, 2, None], "a"))


def test_nothing_known_is_hatched_and_not_drawn_as_zero():
    assert "stroke-dasharray" in svg(drawings.spark([None, None], "no data"))
    assert "stroke-dasharray" in svg(drawings.shares([(0, palette.GOOD)], "no data"))


def test_a_sparkline_of_one_point_is_drawn():
    assert "<circle" in svg(drawings.spark([50], "a"))


def test_an_audience_shows_who_is_in_and_who_joins():
    drawn = rects(drawings.filling(0.25, 0.75, "a", 200))
    assert drawn == [(0.0, 200.0), (0.0, 50.0), (51.0, 98.0)]
    assert len(rects(drawings.filling(0.5, 0.2, "a", 200))) == 2, "nobody joins when the next share is lower"


@pytest.mark.parametrize(("alarmed", "colour"), [(False, palette.TREATMENT), (True, palette.POOR)])
def test_the_current_phase_is_the_coloured_segment(alarmed, colour):
    drawn = svg(drawings.ministepper(2, 4, alarmed))
    assert drawn.count("<rect") == 4
    assert drawn.count(colour) == 1


def test_alternative_text_is_escaped():
    assert drawings.hatch("](https://evil.example) <b>").startswith("![\\]\\(https")


def test_phase_names_are_escaped_in_the_stepper():
    html = stepper([Step("<img src=x>", "5%", "since 12 Nov", "current"), Step("Half", "50%", "", "ahead")], 'a "b"')
    assert "<img" not in html
    assert html.count('aria-current="step"') == 1
    assert "&quot;b&quot;" in html


@pytest.mark.parametrize("mark", [palette.TREATMENT, palette.CONTROL, palette.HOLDOUT, palette.GOOD,
                                  palette.NEEDS_IMPROVEMENT, palette.POOR])
def test_every_mark_has_at_least_three_to_one_on_both_page_backgrounds(mark):
    for background in ("#ffffff", "#111418"):
        assert contrast(mark, background) >= 3.0


def test_chart_text_has_at_least_four_and_a_half_to_one():
    assert contrast(palette.TEXT["light"], "#ffffff") >= 4.5
    assert contrast(palette.TEXT["dark"], "#111418") >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    def luminance(colour: str) -> float:
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
