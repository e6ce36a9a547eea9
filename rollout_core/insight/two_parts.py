"""A live question in two: what closed windows hold, which is remembered, and the tail after them, which is read anew.

A tail of some minutes costs much the same whatever is asked of it, so it is asked once for all metrics of a family in
the finest grouping, and each question takes its own rows from that. Sums and counts add up; so do their groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from rollout_core.metrics.event import VITALS
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Ratings, Rows, Timeline, TimelineBins, Totals

Row = tuple[Any, ...]

FAMILIES: tuple[tuple[str, ...], ...] = (
    tuple(f"vital:{name}" for name in VITALS),
    ("session_critical_errors", "session_duration", "session_errors"),
    ("request_duration", "request_errors"),
    ("good_loads", "page_load_score"),
)
"""Metrics that come from the same events."""

SUMMED: Mapping[type, int] = {Totals: 6, Histogram: 1, Ratings: 1, Timeline: 3, TimelineBins: 1}
"""How many places at the end of a row are added up; the last two of Totals are a smallest and a largest value."""

STEP = timedelta(minutes=5)
"""The width of a window."""


def divisible(question: Any) -> bool:
    """True for questions whose answer is the sum of the answers about two parts of their window."""
    return type(question) in SUMMED


def closed_part(question: Any, window: Window) -> Any:
    """The question about what lies before the watermark."""
    if isinstance(question, Timeline | TimelineBins):
        return replace(question, window=window)
    return replace(question, window=window, live=False)


def moving(question: Any, now: Any) -> bool:
    """True when the window's beginning moves with the clock, so that nobody will ask the same again."""
    since_at = question.window.since_at
    return bool((now - since_at) % STEP == timedelta(0) and (since_at.minute % 5 or since_at.second
                                                              or since_at.microsecond))


def together(question: Any, closed: Rows, tail: Rows) -> Rows:
    """Both parts as one answer. A group stands once in each of them; the tail is small."""
    kind = type(question)
    width = SUMMED[kind]
    late = {row[:-width]: row[-width:] for row in summed(tail.rows, kind)}
    rows = [row if (more := late.pop(row[:-width], None)) is None
            else (*row[:-width], *_added(row[-width:], more, kind)) for row in closed.rows]
    return Rows(closed.columns, [*rows, *((*key, *numbers) for key, numbers in late.items())], tail.closed_until_at)


def summed(rows: Iterable[Row], kind: type) -> list[Row]:
    """Rows of the same group added up."""
    width = SUMMED[kind]
    found: dict[Row, Row] = {}
    for row in rows:
        key, numbers = row[:-width], row[-width:]
        before = found.get(key)
        found[key] = numbers if before is None else _added(before, numbers, kind)
    return [(*key, *numbers) for key, numbers in found.items()]


def _added(one: Row, other: Row, kind: type) -> Row:
    if kind is not Totals:
        return tuple(a + b for a, b in zip(one, other, strict=True))
    sums = tuple(a + b for a, b in zip(one[:4], other[:4], strict=True))
    return (*sums, _of(min, one[4], other[4]), _of(max, one[5], other[5]))


def _of(choose: Callable[..., Any], one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else choose(one, other)


@dataclass(frozen=True, slots=True)
class Finest:
    """The groups of a kind of question in which its tail is read."""

    by: tuple[str, ...]
    metric: bool = True


FINEST: Mapping[type, Finest] = {
    Totals: Finest(("metric", "arm", "hour", "epoch", "inclusion")),
    Histogram: Finest(("metric", "arm", "day", "epoch", "inclusion")),
    Ratings: Finest(("arm", "epoch", "inclusion"), metric=False),
}


def shared(question: Any) -> Any:
    """The question about the same window that has the answers of all its family in it; itself where there is none."""
    finest = FINEST.get(type(question))
    if finest is None or (isinstance(question, Totals) and question.flag is not None):
        return question
    if isinstance(question, Totals | Histogram) and question.arms:
        return question
    by = (*finest.by, *(("slice",) if getattr(question, "slice", "") is None else ()))
    if not set(question.by) <= {*by}:
        return question
    if not finest.metric:
        return replace(question, by=by)
    return replace(question, by=by, metrics=family(question.metrics))


def family(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """These metrics and all that come from the same events."""
    found = set(metrics)
    for each in FAMILIES:
        if found & set(each):
            found |= set(each)
    return tuple(sorted(found))


def own(question: Any, asked: Any, answer: Rows) -> Rows:
    """The rows of `question` out of the answer to `asked`, which is `shared(question)`."""
    if asked == question:
        return answer
    width = SUMMED[type(question)] + (1 if isinstance(question, Histogram) else 3 if isinstance(question, Ratings)
                                      else 0)
    places = [asked.by.index(name) for name in question.by]
    metric = asked.by.index("metric") if "metric" in asked.by else None
    wanted = set() if isinstance(question, Ratings) else {*question.metrics}
    rows = (tuple(row[place] for place in places) + row[-width:] for row in answer.rows
            if metric is None or row[metric] in wanted)
    return Rows((*question.by, *answer.columns[-width:]), summed(rows, type(question)), answer.closed_until_at)
