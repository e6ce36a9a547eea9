"""Figures are made once while what they show is the same; tables hand out no formula."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from pages.panels import furniture
from pages.panels.audit_rows import unbroken
from pages.panels.furniture import drawn
from rollout_core.charts.picture import Picture


@dataclass(frozen=True)
class Viewer:
    """Somebody in a zone, with the method that charts are given."""

    zone: ZoneInfo

    def local(self, at: object) -> object:
        return at


class Drawing:
    """Counts how often it was asked to draw."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *_: object) -> Picture:
        self.times += 1
        return Picture({})


@pytest.fixture(autouse=True)
def nothing_drawn_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(furniture, "_FIGURES", {})


def test_the_same_answer_in_the_same_zone_and_theme_is_drawn_once() -> None:
    draw, answer = Drawing(), object()
    berlin = [Viewer(ZoneInfo("Europe/Berlin")) for _ in range(2)]
    figures = [drawn(draw, answer, "light", ["a", "b"], viewer.local) for viewer in berlin]
    assert figures[0] is figures[1]
    assert draw.times == 1


@pytest.mark.parametrize("other", [(object(), "light", "Europe/Berlin"), (None, "dark", "Europe/Berlin"),
                                   (None, "light", "Asia/Tokyo")])
def test_another_answer_theme_or_zone_is_drawn_anew(other: tuple[object, str, str]) -> None:
    draw, answer = Drawing(), object()
    drawn(draw, answer, "light", Viewer(ZoneInfo("Europe/Berlin")).local)
    drawn(draw, other[0] or answer, other[1], Viewer(ZoneInfo(other[2])).local)
    assert draw.times == 2


def test_an_answer_that_is_drawn_keeps_its_identity_and_old_figures_go() -> None:
    draw = Drawing()
    for _ in range(furniture.MOST_FIGURES + 50):
        drawn(draw, object())                 # freed at once, were it not kept: ids would come again
    assert draw.times == furniture.MOST_FIGURES + 50
    assert len(furniture._FIGURES) == furniture.MOST_FIGURES


def test_a_time_in_a_narrow_column_breaks_only_after_its_day() -> None:
    assert unbroken("Fri 13 Nov, 18:57").split(" ") == ["Fri\u00a013\u00a0Nov,", "18:57"]
