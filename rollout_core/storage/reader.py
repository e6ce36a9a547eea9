"""What the answers to questions (storage/read_*.py) get: a cursor in one read transaction and the store's own facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from rollout_core.ports.event_questions import Rows
from rollout_core.storage.day_parts import Part, PartMemory, Row, day_stamps, put_together
from rollout_core.storage.event_arrow import KeyRing
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_tables import SLOTS


@dataclass(frozen=True, slots=True)
class Reader:
    """`closed_until_at` is the watermark, None before the first pass: then everything is live."""

    cursor: duckdb.DuckDBPyConnection
    slots: Mapping[str, int]
    keys: KeyRing
    closed_until_at: datetime | None
    parts: PartMemory
    followed_since_at: datetime | None = None
    """From then on the spans of whoever did something are in tail_span; None: it is empty."""

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
        return put_together(self.parts, day_stamps(self.cursor), settled_before, parts, lambda run: count(run).rows)

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """Runs a query; times come back UTC-aware, big integers as int."""
        self.cursor.execute(sql, parameters or None)
        columns = tuple(column[0] for column in self.cursor.description or ())
        rows = [tuple(_plain(value) for value in row) for row in self.cursor.fetchall()]
        return Rows(columns, rows, self.closed_until_at)


@contextmanager
def reading(database: EventDatabase, slots: Mapping[str, int], keys: KeyRing, parts: PartMemory) -> Iterator[Reader]:
    """A reader whose cursor sees one state of the store, however many queries it runs."""
    with database.transaction() as cursor:
        marks = dict(cursor.execute("SELECT name, reached_at FROM watermark WHERE name <> 'spans'").fetchall())
        yield Reader(cursor, slots, keys, _plain(marks.get("windows")), parts, _plain(marks.get("tail")))


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
