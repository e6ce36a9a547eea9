"""A live question in two parts: what is added up, and what is nobody's to remember."""

from datetime import UTC, datetime, timedelta

from rollout_core.insight.two_parts import moving, placed, together
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Rows, Totals

NOW = datetime(2026, 3, 2, 12, 7, 30, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=7), NOW)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_sums_are_added_and_extremes_are_kept() -> None:
    question = Totals(WINDOW, ("page_views",), "r", ("arm",))
    columns = ("arm", "n", "w", "s", "ss", "mn", "mx")
    closed = Rows(columns, [("treatment", 2, 2000, 5, 13, 2, 3), ("control", 1, 1000, 4, 16, 4, 4)])
    tail = Rows(columns, [("treatment", 1, 1000, 9, 81, 9, 9), ("none", 1, 1000, 0, 0, None, None)])
    assert together(question, placed(question, closed), tail).rows == [
        ("treatment", 3, 3000, 14, 94, 2, 9), ("control", 1, 1000, 4, 16, 4, 4), ("none", 1, 1000, 0, 0, None, None)]


def test_only_a_beginning_that_moves_with_the_clock_is_not_remembered() -> None:
    def since(moment: datetime) -> Totals:
        return Totals(Window(moment, NOW), ("page_views",), "r")

    assert moving(since(NOW - timedelta(hours=24)), NOW)
    assert not moving(since(NOON - timedelta(hours=24)), NOW)
    assert not moving(since(NOW - timedelta(hours=24, seconds=11)), NOW)
