"""A live question in two: what closed windows hold, which is remembered, and the tail after them, which is read anew.

Sums and counts add up; so do their groups.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from rollout_core.insight.window import STEP
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Ratings, Rows, Timeline, TimelineBins, Totals

Row = tuple[Any, ...]


class SharedRows(list[Row]):
    """Rows that several looks are given, and what has been made of them: that is the same for all, and nobody changes
    it."""

    __slots__ = ("_made",)

    def __init__(self, rows: Iterable[Row]) -> None:
        super().__init__(rows)
        self._made: dict[Hashable, Any] = {}

    def made(self, what: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` makes of these rows, made once."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]


SUMMED: Mapping[type, int] = {Totals: 6, Histogram: 1, Ratings: 1, Timeline: 3, TimelineBins: 1}
"""How many places at the end of a row are added up; the last two of Totals are a smallest and a largest value."""

COLUMNS: Mapping[type, tuple[str, ...]] = {
    Totals: ("n", "w", "s", "ss", "mn", "mx"), Histogram: ("b", "n"), Ratings: ("low", "high", "k", "n"),
    Timeline: ("at", "metric", "arm", "n", "s", "ss"), TimelineBins: ("at", "metric", "arm", "b", "n"),
}
"""What stands in an answer, after its groups where a question names them."""



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


@dataclass(frozen=True, slots=True)
class Placed:
    """An answer about closed windows, and where in it each group stands, once: it is long and the same at every look.
    `whole`: the last shared tail that came to it, and both together."""

    rows: Rows
    places: Mapping[Row, int]
    whole: list[tuple[SharedRows, Rows]] = field(default_factory=list, compare=False, repr=False)


def placed(question: Any, closed: Rows) -> Placed:
    """An answer with the places of its groups."""
    width = SUMMED[type(question)]
    return Placed(closed, {row[:-width]: place for place, row in enumerate(closed.rows)})


def together(question: Any, closed: Placed, tail: Rows) -> Rows:
    """Both parts as one answer; with a tail that looks share it is shared too."""
    late = tail.rows
    if not isinstance(late, SharedRows):
        return _together(question, closed, tail)
    for known, answer in closed.whole:
        if known is late:
            return answer
    joined = _together(question, closed, tail)
    answer = replace(joined, rows=SharedRows(joined.rows))
    closed.whole[:] = [(late, answer)]
    return answer


def _together(question: Any, closed: Placed, tail: Rows) -> Rows:
    kind = type(question)
    width = SUMMED[kind]
    rows = closed.rows.rows.copy()
    for row in summed(tail.rows, kind):
        key = row[:-width]
        place = closed.places.get(key)
        if place is None:
            rows.append(row)
        else:
            rows[place] = (*key, *_added(rows[place][-width:], row[-width:], kind))
    return Rows(closed.rows.columns, rows, tail.closed_until_at)


def columns_of(question: Any) -> tuple[str, ...]:
    """The columns of an answer."""
    named = COLUMNS[type(question)]
    return named if isinstance(question, Timeline | TimelineBins) else (*question.by, *named)


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


def histograms(rows: list[Row]) -> dict[tuple[Any, ...], dict[int, int]]:
    """Groups -> their bins, of rows that end in a bin and its count."""
    if isinstance(rows, SharedRows):
        found: dict[tuple[Any, ...], dict[int, int]] = rows.made("histograms", lambda: _in_bins(rows))
        return found
    return _in_bins(rows)


def _in_bins(rows: Iterable[Row]) -> dict[tuple[Any, ...], dict[int, int]]:
    """Rows are many: a group is made once, not for each."""
    found: dict[tuple[Any, ...], dict[int, int]] = {}
    for row in rows:
        group = row[:-2]
        if group in found:
            found[group][row[-2]] = row[-1]
        else:
            found[group] = {row[-2]: row[-1]}
    return found
