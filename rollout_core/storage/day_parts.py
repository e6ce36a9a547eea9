"""Answers put together from parts by cohort day, so that a look after each closed window counts only what is new.

A question about people (who tried it, who came back, whose outcome is known) is a sum over the days on which people
entered. What the people of one day did is settled once the days it depends on are over: such a part is counted once and
remembered, in memory, under the stamps of those days (`day_stamp`: each rebuild gives a day a new one). Late events,
changed spans, erasure and a changed mirror give new stamps, so a remembered part is never older than the rollups.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any

import duckdb

MOST_PARTS = 20_000
MOST_PEOPLE = 64
"""So many answers are kept that hold people one by one or reach over long windows: a megabyte for a day on which 36,000
entered (ripening.py)."""
ONE_DAY = timedelta(days=1)
EVERY_DAY = date.min
"""The stamp of this day counts for all days: the mirror changed, or somebody was forgotten."""

Row = tuple[Any, ...]
Mark = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The people who entered on `day`. Their rows depend on the days from `first` to `last`, and on `key`: what the
    question asks of them. Neighbouring parts of one `run` may be counted together."""

    day: date
    first: date
    last: date
    key: Hashable
    run: Hashable = None


class PartMemory:
    """Remembered parts; the least recently used go first. For any thread."""

    def __init__(self, most: int = MOST_PARTS) -> None:
        self._most = most
        self._rows: OrderedDict[tuple[Hashable, date], tuple[Mark, list[Row]]] = OrderedDict()
        self._lock = Lock()

    def recall(self, part: Part, mark: Mark) -> list[Row] | None:
        """The rows of a part, if they were counted under these stamps."""
        with self._lock:
            found = self._rows.get((part.key, part.day))
            if found is None or found[0] != mark:
                return None
            self._rows.move_to_end((part.key, part.day))
            return found[1]

    def remember(self, part: Part, mark: Mark, rows: list[Row]) -> None:
        """Keeps the rows of a part."""
        with self._lock:
            self._rows[part.key, part.day] = (mark, rows)
            self._rows.move_to_end((part.key, part.day))
            if len(self._rows) > self._most:
                self._rows.popitem(last=False)

    def clear(self) -> None:
        """Forgets all: another file may be open."""
        with self._lock:
            self._rows.clear()


def put_together(memory: PartMemory, stamps: Mapping[date, int], settled_before: date | None, parts: Sequence[Part],
                 count: Callable[[Sequence[Part]], Iterable[Row]]) -> list[Row]:
    """The rows of all parts. `count` answers rows of a run of neighbouring parts, each with its cohort day in front
    (it is cut off); parts that reach `settled_before` (None: nothing is settled) are counted at every look."""
    rows: list[Row] = []
    missing: list[tuple[Part, Mark | None]] = []
    for part in parts:
        settled = settled_before is not None and part.last < settled_before
        mark = mark_of(stamps, part) if settled else None
        known = memory.recall(part, mark) if mark is not None else None
        if known is None:
            missing.append((part, mark))
        else:
            rows += known
    for run in _runs(missing):
        found: dict[date, list[Row]] = {part.day: [] for part, _ in run}
        for day, *rest in count([part for part, _ in run]):
            found[day].append(tuple(rest))
        for part, mark in run:
            rows += found[part.day]
            if mark is not None:
                memory.remember(part, mark, found[part.day])
    return rows


def mark_of(stamps: Mapping[date, int], part: Part) -> Mark:
    """The stamp of all days, and the newest one of the days that a part depends on."""
    days = (part.first + ONE_DAY * place for place in range((part.last - part.first).days + 1))
    return stamps.get(EVERY_DAY, 0), max(stamps.get(day, 0) for day in days)


def _runs(parts: Iterable[tuple[Part, Mark | None]]) -> Iterator[list[tuple[Part, Mark | None]]]:
    run: list[tuple[Part, Mark | None]] = []
    for each in parts:
        if run and (each[0].day - run[-1][0].day != ONE_DAY or each[0].run != run[-1][0].run):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def added(rows: Iterable[Row], keys: int) -> list[Row]:
    """Rows with the same first `keys` places become one, the other places summed; in the order of the keys."""
    sums: dict[Row, list[int]] = {}
    for row in rows:
        into = sums.setdefault(row[:keys], [0] * (len(row) - keys))
        for place, value in enumerate(row[keys:]):
            into[place] += value
    return [(*key, *sums[key]) for key in sorted(sums)]


def days_between(first: date, last: date) -> Iterator[date]:
    """All days from the first to the last, both included."""
    for place in range((last - first).days + 1):
        yield first + ONE_DAY * place


def stamp_days(cursor: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """Gives these days, both included, a stamp that no day had before."""
    newest = cursor.execute("SELECT coalesce(max(stamp), 0) FROM day_stamp").fetchall()[0][0] + 1
    cursor.execute("DELETE FROM day_stamp WHERE day BETWEEN ? AND ?", [first, last])
    cursor.execute("INSERT INTO day_stamp SELECT ?::DATE + i::INTEGER, ? FROM range(?) AS days(i)",
                   [first, newest, (last - first).days + 1])


def stamp_every_day(cursor: duckdb.DuckDBPyConnection) -> None:
    """What is remembered of any day counts no longer."""
    stamp_days(cursor, EVERY_DAY, EVERY_DAY)


def day_stamps(cursor: duckdb.DuckDBPyConnection) -> dict[date, int]:
    """Day -> stamp; days without one were never rebuilt."""
    return dict(cursor.execute("SELECT day, stamp FROM day_stamp").fetchall())
