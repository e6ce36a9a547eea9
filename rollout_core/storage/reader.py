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
from rollout_core.storage.day_parts import EVERY_DAY, Mark, Part, PartMemory, Row, day_stamps, mark_of, put_together
from rollout_core.storage.event_arrow import KeyRing
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_tables import SLOTS
from rollout_core.storage.running_sums import RunningSums, Stamped

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """`closed_until_at` is the watermark, None before the first pass: then everything is live."""

    cursor: duckdb.DuckDBPyConnection
    slots: Mapping[str, int]
    keys: KeyRing
    closed_until_at: datetime | None
    parts: PartMemory
    people: PartMemory
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

    @property
    def today(self) -> date | None:
        """The day of the watermark: those before it are settled."""
        return None if self.closed_until_at is None else self.closed_until_at.date()

    def mark(self, part: Part) -> Mark:
        """The stamps that a part depends on."""
        return mark_of(self.stamps, part)

    def settled(self, what: Hashable, read: Callable[[], T], *, large: bool = False) -> T:
        """What days before the present one tell, by `read`, kept until one of them changes; read anew without any.
        `large`: of many people one by one, of which few answers are kept."""
        if self.today is None:
            return read()
        known = self._memory(large=large).recall(*self._settled(what))
        if known is None:
            known = self.keep_settled(what, read(), large=large)
        found: T = known[0][0]
        return found

    def keep_settled(self, what: Hashable, answer: Any, *, large: bool = False) -> list[Row]:
        """Keeps an answer as what days before the present one tell."""
        kept: list[Row] = [(answer,)]
        self._memory(large=large).remember(*self._settled(what), kept)
        return kept

    def _memory(self, *, large: bool) -> PartMemory:
        return self.people if large else self.parts

    def _settled(self, what: Hashable) -> tuple[Part, Mark]:
        today = self.today or EVERY_DAY
        return Part(EVERY_DAY, EVERY_DAY, EVERY_DAY, what), (*Stamped(self.stamps).until(today), today.toordinal())

    def slot(self, unit: str) -> str | None:
        """The column ("k0".."k3") that holds this unit's keys; None when no event named the unit yet."""
        found = self.slots.get(unit)
        return None if found is None else SLOTS[found]

    def key(self, unit: str, subject: str) -> int:
        """The key of a subject."""
        return self.keys.key(unit, subject) or 0

    def unit_of(self, rollout: str) -> str | None:
        """The unit of a mirrored rollout."""
        units = self.once("units", lambda: dict(self.cursor.execute(
            "SELECT rollout, unit FROM rollout_mirror").fetchall()))
        found: str | None = units.get(rollout)
        return found

    def put_together(self, parts: Sequence[Part], count: Callable[[Sequence[Part]], Rows]) -> list[Row]:
        """The rows of all parts; those that are settled are counted once (day_parts.py). `count` answers rows of a run
        of parts, each with its cohort day in front."""
        return put_together(self.parts, self.stamps, self.today, parts, lambda run: count(run).rows)

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
            people: PartMemory, sums: RunningSums) -> Iterator[Reader]:
    """A reader whose cursor sees one state of the store, however many queries it runs."""
    with database.transaction() as cursor:
        marks = dict(cursor.execute("SELECT name, reached_at FROM watermark WHERE name <> 'spans'").fetchall())
        closed, followed, hours = (_aware(marks.get(name)) for name in ("windows", "tail", "hours"))
        yield Reader(cursor, slots, keys, closed, parts, people, sums, followed, hours)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
