"""What long windows hold of settled days, read once: it does not change.

Sums over a window since some day grow by the present day alone; those of the days before it are kept until one of them
is rebuilt (`settled_days`).

The broken day at the beginning of a window (`settled_edge`):

Rollups hold whole hours or days, so the rest of the day in which a window begins is read from raw events, at every look
the same ones. Once the days it depends on are over (a relation reaches six hours beyond the stretch, so the days around
it too), the answer is remembered under the stamps of those days, as everything settled is (day_parts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Ratings, Rows, Totals
from rollout_core.storage.day_parts import ONE_DAY, Part, Row
from rollout_core.storage.reader import Reader

MICROSECOND = timedelta(microseconds=1)


def settled_days(reader: Reader, question: Any, window: Window, read: Callable[[Window], list[Row]]) -> list[Row]:
    """The rows of a window of rollups, which `read` reads: those of days before the present one, kept, and those of the
    present day. A group may stand in both."""
    midnight = None if reader.today is None else datetime.combine(reader.today, time(), UTC)
    if midnight is None or window.since_at >= midnight:
        return read(window)
    before = Window(window.since_at, min(window.until_at, midnight))
    rows = reader.settled(_asked_of(question, before), lambda: read(before), large=True)
    return rows if window.until_at <= midnight else [*rows, *read(Window(midnight, window.until_at))]


def settled_edge(reader: Reader, question: Histogram | Ratings | Totals, edge: Window,
                 read: Callable[[Window], Sequence[Row]]) -> list[Row]:
    """The rows of an edge of the question's window, which `read` counts; what is not settled is counted at each look.
    """
    first, last = edge.since_at.date(), (edge.until_at - MICROSECOND).date()
    part = Part(first, first - ONE_DAY, last + ONE_DAY, _asked_of(question, edge))
    return reader.put_together([part], lambda run: Rows((), [(first, *row) for row in read(edge)]))


def _asked_of(question: Any, edge: Window) -> Hashable:
    """Windows with one edge ask the same of it, however far they reach."""
    asked: Hashable = replace(question, window=edge)
    return asked
