"""What the answers to questions (storage/read_*.py) get: a cursor in one read transaction and the store's own facts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from rollout_core.ports.event_questions import Rows
from rollout_core.storage.day_parts import Part, PartMemory, Row, day_stamps, put_together
from rollout_core.storage.event_arrow import KeyRing
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_tables import SLOTS
from rollout_core.storage.running_sums import RunningSums

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """`closed_until_at` is the watermark, None before the first pass: then everything is live."""

    cursor: duckdb.DuckDBPyConnection
    slots: Mapping[str, int]
    keys: KeyRing
    closed_until_at: datetime | None
    parts: PartMemory
    sums: RunningSums
    followed_since_at: datetime | None = None
    """From then on the spans of whoever did something are in tail_span; None: it is empty."""
    hours_since_at: datetime | None = None
    """From then on histograms are kept by the hour; None: they are not."""
    _known: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, what: Hashable, read: Callable[[], T]) -> T:
        """What `read` answers, which is asked once while the store stands still."""
        if what not in self._known:
            self._known[what] = read()
        found: T = self._known[what]
        return found

    @property
    def stamps(self) -> dict[date, int]:
        """Day -> stamp (day_parts.py)."""
        return self.once("stamps", lambda: day_stamps(self.cursor))

    def slot(self, unit: str) -> str | None:
        """The column ("k0".."k3") that holds this unit's keys; None when no event named the unit yet."""
        found = self.slots.get(unit)
        return None if found is None else SLOTS[found]

    def key(self, unit: str, subject: str) -> int:
        """The key of a subject."""
        return self.keys.key(unit, subject) or 0

    def unit_of(self, rollout: str) -> str | None:
        """The unit of a mirrored rollout."""
        rows = self.cursor.execute("SELECT unit FROM rollout_mirror WHERE rollout = ?", [rollout]).fetchall()
        return rows[0][0] if rows else None

    def put_together(self, parts: Sequence[Part], count: Callable[[Sequence[Part]], Rows]) -> list[Row]:
        """The rows of all parts; those that are settled are counted once (day_parts.py). `count` answers rows of a run
        of parts, each with its cohort day in front."""
        settled_before = self.closed_until_at.date() if self.closed_until_at is not None else None
        return put_together(self.parts, self.stamps, settled_before, parts, lambda run: count(run).rows)

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """Runs a query; times come back UTC-aware, big integers as int."""
        self.cursor.execute(sql, parameters or None)
        described = self.cursor.description or ()
        rows: list[Row] = self.cursor.fetchall()
        for place, column in enumerate(described):
            if column[1] == "TIMESTAMP":
                rows = [(*row[:place], _aware(row[place]), *row[place + 1:]) for row in rows]
        return Rows(tuple(column[0] for column in described), rows, self.closed_until_at)

    def arrays(self, sql: str) -> dict[str, NDArray[np.int64]]:
        """Runs a query all of whose columns are integers, none of them null: many times faster than rows."""
        found = self.cursor.execute(sql).fetchnumpy()
        return {name: np.asarray(values, np.int64) for name, values in found.items()}


@contextmanager
def reading(database: EventDatabase, slots: Mapping[str, int], keys: KeyRing, parts: PartMemory,
            sums: RunningSums) -> Iterator[Reader]:
    """A reader whose cursor sees one state of the store, however many queries it runs."""
    with database.transaction() as cursor:
        marks = dict(cursor.execute("SELECT name, reached_at FROM watermark WHERE name <> 'spans'").fetchall())
        closed, followed, hours = (_aware(marks.get(name)) for name in ("windows", "tail", "hours"))
        yield Reader(cursor, slots, keys, closed, parts, sums, followed, hours)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
