"""Sums by cluster bucket that run with the days: what is over is added up once and kept, only newer days are read.

Evidence asks for sums over all days since a version began. Here the days before yesterday are kept as one sum,
yesterday and the present day each by itself, in memory, under the stamps of those days (`day_stamp`: each rebuild gives
a day a new one, day_parts.py). A look adds to them the days whose stamp is new; a new stamp of an older day (a late
event, a changed mirror, somebody forgotten) makes everything be counted anew. Integers are added, so the order does not
matter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from rollout_core.storage.day_parts import EVERY_DAY, ONE_DAY, Mark

MOST_KEPT = 32
"""So many questions are kept: a few for each rollout. 100 metrics in two strata take some 1.5 MB."""

FIRST_DAY = date(1970, 1, 1)
"""Days as numbers are counted from it."""

Cells = Mapping[tuple[int, ...], NDArray[np.int64]]
"""What is summed -> integers of shape (columns, cluster buckets), not to be written to."""
ByDay = Mapping[date | None, Cells]
Count = Callable[[date | None, date, bool], ByDay]
"""count(since, until, by_day): cells of the days in [since, until) (None: from the first), each day's, or all under
None."""


NEVER: Mark = (-1, -1)
"""The mark of what is not to be kept: no day has it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`total` of the days before `until`, under `mark`; `days`: those after it that were counted, each under its own.
    """

    until: date
    mark: Mark
    total: Cells
    days: Mapping[date, tuple[Mark, Cells]]


class RunningSums:
    """What is kept, by question; the least recently used go first. For any thread."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def recall(self, question: Hashable) -> Kept | None:
        """What is kept for a question."""
        with self._lock:
            found = self._kept.get(question)
            if found is not None:
                self._kept.move_to_end(question)
            return found

    def keep(self, question: Hashable, kept: Kept) -> None:
        """Keeps it from now on."""
        with self._lock:
            self._kept[question] = kept
            self._kept.move_to_end(question)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forgets all: another file may be open."""
        with self._lock:
            self._kept.clear()


@dataclass(frozen=True, slots=True)
class Stamped:
    """The stamps that answers depend on. `before` and `since`: the days from `since` to `before`, both included, count
    for every answer, whatever day it is about."""

    stamps: Mapping[date, int]
    since: date | None = None
    before: date | None = None

    def until(self, day: date) -> Mark:
        """The mark of all days before this one."""
        return self._mark(max((stamp for each, stamp in self.stamps.items() if each < day), default=0))

    def of(self, day: date) -> Mark:
        """The mark of one day."""
        return self._mark(self.stamps.get(day, 0))

    def _mark(self, newest: int) -> Mark:
        if self.since is not None and self.before is not None:
            newest = max(newest, max((stamp for each, stamp in self.stamps.items()
                                      if self.since <= each <= self.before), default=0))
        return self.stamps.get(EVERY_DAY, 0), newest


def brought_up(kept: Kept | None, stamped: Stamped, last: date, count: Count, *, keep_last: bool) -> Kept:
    """What is kept, up to and with the day `last`, that of the watermark. `keep_last`: its stamp tells of every change;
    else it is counted at every look."""
    until = last - ONE_DAY
    base = _base(kept, stamped, until, count)
    known = {} if kept is None else kept.days
    days = {day: known[day] for day in (until, last) if day in known and known[day][0] == stamped.of(day)}
    missing = [day for day in (until, last) if day not in days]
    if missing:
        found = count(missing[0], missing[-1] + ONE_DAY, True)
        days |= {day: (stamped.of(day) if keep_last or day != last else NEVER, found.get(day, {})) for day in missing}
    return Kept(until, stamped.until(until), base, days)


def _base(kept: Kept | None, stamped: Stamped, until: date, count: Count) -> Cells:
    """The sum of the days before `until`: what was kept and what came since, or everything anew."""
    if kept is None or kept.until > until or kept.mark != stamped.until(kept.until):
        return count(None, until, False).get(None, {})
    total, day = kept.total, kept.until
    while day < until:
        known = kept.days.get(day)
        if known is None or known[0] != stamped.of(day):
            return added(total, count(day, until, False).get(None, {}))
        total, day = added(total, known[1]), day + ONE_DAY
    return total


def added(one: Cells, other: Cells) -> Cells:
    """Both sums together."""
    if not other:
        return one
    return {**one, **{key: one[key] + cells if key in one else cells for key, cells in other.items()}}


def whole(kept: Kept) -> Cells:
    """All that is kept, added up."""
    total = kept.total
    for _, cells in kept.days.values():
        total = added(total, cells)
    return total
