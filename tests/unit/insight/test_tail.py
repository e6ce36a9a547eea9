"""The tail: what shares a reading, what is asked as it is, and until when it is read."""

from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.insight.tail import FAMILIES, LONGEST, families_of, family_of, reach, taken
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, Histogram, Rows, Timeline, TimelineBins, Totals
from rollout_core.storage.accumulations import ACCUMULATIONS, PAGE_LOAD, SESSION_CATEGORY, SOURCES, accumulations_of

NOW = datetime(2026, 3, 2, 12, 7, 30, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=7, seconds=30)
WINDOW = Window(SINCE, NOW)
MADE_OF = {PAGE_LOAD: "web_vital", SESSION_CATEGORY: "session"}


def test_families_are_what_the_store_accumulates_by_source() -> None:
    by_source: dict[str, set[str]] = {}
    for row in ACCUMULATIONS:
        by_source.setdefault(str(row.source), set()).add(row.metric)
    assert sorted((MADE_OF.get(source, source), sorted(metrics)) for source, metrics in by_source.items()) == sorted(
        (str(family.kind), sorted(family.metrics)) for family in FAMILIES)


@pytest.mark.parametrize("source", SOURCES)
def test_an_event_adds_to_one_histogram_at_most_and_all_that_it_adds_is_of_one_flag(source: str) -> None:
    rows = accumulations_of(source)
    assert sum(row.histogram for row in rows) <= 1
    assert len({row.flag for row in rows}) == 1
    assert all(len(row.slices) <= 2 for row in rows)


@pytest.mark.parametrize(("metric", "kind"), [
    ("vital:LCP", "web_vital"), ("vital_good:CLS", "web_vital"), ("session_errors", "session"), ("errors", "error"),
    ("errors_severity:critical", "error"), ("conversion:trial", "conversion")])
def test_a_metric_of_several_names_belongs_to_the_family_of_its_beginning(metric: str, kind: str) -> None:
    family = family_of(metric)
    assert family is not None
    assert family.kind == kind


def test_sessions_and_their_error_categories_are_read_apart() -> None:
    assert family_of("session_errors") != family_of("session_errors:api")


@pytest.mark.parametrize("question", [
    Totals(WINDOW, ("above95:vital:LCP",), "r"),
    Totals(WINDOW, ("page_views", "unknown"), "r"),
    Totals(Window(NOW - LONGEST - timedelta(seconds=1), NOW), ("page_views",), "r"),
    Totals(Window(SINCE, NOW + timedelta(seconds=1)), ("page_views",), "r"),
    Timeline("r", ("page_views",), WINDOW, 60, where=(("page", "/a"),)),
    Timeline("r", ("page_views",), WINDOW, 30),
    TimelineBins("r", ("vital:LCP",), WINDOW, 90)])
def test_what_a_tail_cannot_tell_is_asked_as_it_is(question: object) -> None:
    assert families_of(question, NOW) is None


def test_each_family_of_a_question_is_read_once() -> None:
    found = families_of(Totals(WINDOW, ("vital:LCP", "vital_good:LCP", "page_views", "vital:CLS"), "r"), NOW)
    assert found is not None
    assert [family.kind for family in found] == ["web_vital", "page_view"]


def test_a_question_that_ends_with_a_minute_shares_the_tail_that_ends_now() -> None:
    minute = NOW.replace(second=0)
    assert reach(Timeline("r", ("page_views",), Window(SINCE, minute), 60), NOW) == NOW
    assert reach(Histogram(Window(SINCE, minute), ("vital:LCP",), "r"), NOW) == NOW
    odd = minute - timedelta(seconds=1)
    assert reach(Timeline("r", ("page_views",), Window(SINCE, odd), 60), NOW) == odd
    sliced = Histogram(Window(SINCE, minute), ("vital:LCP",), "r", ("slice",), slice=None)
    assert reach(sliced, NOW) == minute


def test_what_lies_after_the_end_of_a_question_is_left_out() -> None:
    def row(minutes: int, n: int) -> tuple[object, ...]:
        at = SINCE + timedelta(minutes=minutes)
        return ("sums", "page_views", "treatment", 1, 50_000, at, "", "", 0, n, 1000 * n, 0, 0, 0, 0)

    question = Timeline("r", ("page_views",), Window(SINCE, SINCE + timedelta(minutes=2)), 60)
    rows = taken(question, Rows(TAIL_COLUMNS, [row(0, 3), row(1, 4), row(2, 5)]))
    assert [(at, n) for at, _, _, n, _, _ in rows] == [(SINCE, 3), (SINCE + timedelta(minutes=1), 4)]
