"""A live question in two parts: what is added up, what is shared, what is nobody's to remember."""

from datetime import UTC, datetime, timedelta

from rollout_core.insight.two_parts import moving, own, shared, together
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Rows, Totals

NOW = datetime(2026, 3, 2, 12, 7, 30, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=7), NOW)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_sums_are_added_and_extremes_are_kept() -> None:
    question = Totals(WINDOW, ("page_views",), "r", ("arm",))
    columns = ("arm", "n", "w", "s", "ss", "mn", "mx")
    closed = Rows(columns, [("treatment", 2, 2000, 5, 13, 2, 3), ("control", 1, 1000, 4, 16, 4, 4)])
    tail = Rows(columns, [("treatment", 1, 1000, 9, 81, 9, 9), ("none", 1, 1000, 0, 0, None, None)])
    assert together(question, closed, tail).rows == [
        ("treatment", 3, 3000, 14, 94, 2, 9), ("control", 1, 1000, 4, 16, 4, 4), ("none", 1, 1000, 0, 0, None, None)]


def test_vitals_share_one_tail_and_take_their_own_bins_from_it() -> None:
    question = Histogram(WINDOW, ("vital:LCP",), "r", ("arm",))
    asked = shared(question)
    assert set(asked.metrics) == {f"vital:{name}" for name in ("LCP", "INP", "CLS", "FCP", "TTFB", "FID")}
    answer = Rows((*asked.by, "b", "n"), [
        ("vital:LCP", "treatment", NOON.date(), 1, 50_000, 12, 3),
        ("vital:LCP", "treatment", NOON.date(), 2, 50_000, 12, 4),
        ("vital:INP", "treatment", NOON.date(), 1, 50_000, 12, 9)])
    assert own(question, asked, answer).rows == [("treatment", 12, 7)]
    assert own(question, asked, answer).columns == ("arm", "b", "n")


def test_the_questions_of_two_vitals_are_one_question_of_the_tail() -> None:
    first, second = (shared(Histogram(WINDOW, (f"vital:{name}",), "r", ("arm", "epoch"))) for name in ("LCP", "INP"))
    assert first == second


def test_what_is_narrowed_or_grouped_by_flag_is_asked_as_it_is() -> None:
    for question in (Totals(WINDOW, ("feature_use",), "r", ("flag",)),
                     Totals(WINDOW, ("feature_use",), "r", ("arm",), flag="a"),
                     Totals(WINDOW, ("session_errors",), "r", ("metric",), arms=("treatment",))):
        assert shared(question) == question


def test_only_a_beginning_that_moves_with_the_clock_is_not_remembered() -> None:
    def since(moment: datetime) -> Totals:
        return Totals(Window(moment, NOW), ("page_views",), "r")

    assert moving(since(NOW - timedelta(hours=24)), NOW)
    assert not moving(since(NOON - timedelta(hours=24)), NOW)
    assert not moving(since(NOW - timedelta(hours=24, seconds=11)), NOW)
