"""The event store on DuckDB: the port's methods, each handed to the file that does it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from rollout_core.errors import InvalidRequest, StoreCorrupt, StoreError, Uncountable
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.ports.event_store import (
    Batch,
    Closed,
    Forgotten,
    Found,
    FrozenValue,
    MirroredEpoch,
    MirroredRollout,
    Retained,
    StoreCondition,
    Written,
)
from rollout_core.ports.store_key import key_print
from rollout_core.storage.day_parts import MOST_PEOPLE, PartMemory
from rollout_core.storage.event_arrow import Columns, KeyRing
from rollout_core.storage.event_condition import condition_of
from rollout_core.storage.event_copies import export_tables, snapshot
from rollout_core.storage.event_database import LOCK_WAIT_SECONDS, EventDatabase
from rollout_core.storage.event_mirrors import mirror
from rollout_core.storage.event_retention import forget, forget_keys, retain
from rollout_core.storage.event_windows import close_windows
from rollout_core.storage.event_writer import EventWriter, FreeSpace, free_space
from rollout_core.storage.reader import Reader, reading
from rollout_core.storage.running_sums import RunningSums
from rollout_core.storage.sql_sandbox import query


@dataclass(frozen=True, slots=True)
class OneState:
    """The store within one read transaction."""

    reader: Reader

    def measure(self, question: Any) -> Any:
        """See the port. Raises InvalidRequest for a question nobody answers, Uncountable."""
        from rollout_core.storage.readers import READERS

        answer = READERS.get(type(question))
        if answer is None:
            raise InvalidRequest(f"The event store has no answer to {type(question).__name__}.",
                                 mend="Register one in storage/readers.py.")
        try:
            return answer(self.reader, question)
        except duckdb.Error as error:
            raise _uncountable(error) from error


class DuckdbEventStore:
    """`path` None keeps everything in memory. `secret` is the content of store.key. `copies` are the directories where
    exports and backups are kept; `forget` looks into them."""

    follows_tail = True
    """False where nobody reads the live tail (rehearsals): then no pass pays for `tail_span`."""

    def __init__(self, path: Path | None, secret: bytes, *, copies: Sequence[Path] = (),
                 wait_seconds: float = LOCK_WAIT_SECONDS, free: FreeSpace = free_space,
                 minimum_free_bytes: int | None = None) -> None:
        self.database = EventDatabase(path, wait_seconds=wait_seconds)
        try:
            know_key(self.database, secret)
        except StoreError:
            self.database.close()
            raise
        self.keys = KeyRing(secret)
        self._writer = EventWriter(self.database, self.keys, free=free, minimum_free_bytes=minimum_free_bytes)
        self._copies = tuple(copies)
        self._free, self._minimum_free = free, minimum_free_bytes
        self._parts, self._people, self._sums = PartMemory(), PartMemory(MOST_PEOPLE), RunningSums()
        self._shaping = threading.Lock()
        """One pass at a time over spans, rollups, mirrors and removals; writing goes on beside it."""
        self._copying = threading.Lock()
        """One copy at a time: DuckDB knows what it copies into by one name."""

    def write(self, batch: Batch) -> Written:
        """See the port. Raises DiskFull, StoreUnavailable."""
        return self._writer.write(batch)

    def prepare(self, sheets: Sequence[Sheet]) -> Columns | None:
        """See the port."""
        return self._writer.prepare(sheets)

    @property
    def slots(self) -> Mapping[str, int]:
        """The place of every unit that the store knows: with it and the store's key another process can prepare."""
        return self._writer.slots

    def close_windows(self, now: datetime, *, days: int = 60) -> Closed:
        """See the port."""
        with self._shaping:
            return close_windows(self.database, self._writer, now, days, follow=self.follows_tail)

    def mirror(self, rollouts: Sequence[MirroredRollout], epochs: Sequence[MirroredEpoch],
               frozen: Sequence[FrozenValue] = ()) -> None:
        """See the port."""
        with self._shaping, self.database.transaction() as cursor:
            mirror(cursor, rollouts, epochs, frozen)

    def mirror_subjects(self, unit: str, subjects: Iterable[tuple[str, Mapping[str, Any] | None]]) -> int:
        """See the port."""
        from rollout_core.storage.register_table import upsert_subjects

        with self._shaping, self.database.transaction() as cursor:
            return upsert_subjects(cursor, unit, subjects, self.keys)

    def measure(self, question: Any) -> Any:
        """See the port. Raises InvalidRequest for a question nobody answers, Uncountable."""
        with self.one_state() as state:
            return state.measure(question)

    @contextmanager
    def one_state(self) -> Iterator[OneState]:
        """See the port."""
        with reading(self.database, self._writer.slots, self.keys, self._parts, self._people, self._sums) as reader:
            yield OneState(reader)

    def query(self, sql: str, *, limit: int = 10_000, seconds: float = 10.0,
              called_off: threading.Event | None = None) -> Found:
        """See the port. Raises QueryRefused."""
        return query(self.database, sql, limit, seconds, called_off)

    def forget(self, unit: str, subject: str) -> Forgotten:
        """See the port."""
        slot = self._writer.slots.get(unit)
        key = self.keys.key(unit, subject) or 0
        with self._shaping:
            return forget(self.database, None if slot is None else f"k{slot}", unit, subject, key, self._copies)

    def forget_keys(self, keys: Collection[int]) -> Mapping[str, int]:
        """See the port."""
        with self._shaping:
            return forget_keys(self.database, self._writer.slots, self.keys, keys)

    def retain(self, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
        """See the port."""
        with self._shaping:
            return retain(self.database, keep_days, now, export_to)

    def export(self, directory: Path, *, tables: Sequence[str] = (), since: date | None = None,
               until: date | None = None) -> tuple[Path, ...]:
        """See the port."""
        return export_tables(self.database, directory, tables, since, until)

    def snapshot(self, path: Path) -> Path:
        """See the port. Raises DiskFull, InvalidRequest when the file exists."""
        with self._copying:
            return snapshot(self.database, path, self._free)

    def condition(self) -> StoreCondition:
        """See the port."""
        return condition_of(self.database, self._free, self._minimum_free)

    @property
    def usable(self) -> bool:
        """False after a fatal error, until `reopen`; like that no part of the port."""
        return self.database.usable

    def reopen(self) -> None:
        """Opens the file again after a fatal error; not part of the port, the ingest job calls it."""
        self.database.reopen()
        self._parts.clear()
        self._people.clear()
        self._sums.clear()
        self._writer.load()

    def close(self) -> None:
        """See the port."""
        self.database.close()
        self._writer.close()


def _uncountable(error: duckdb.Error) -> Uncountable:
    return Uncountable("Stored events of this period cannot be counted: a value is beyond what sums hold, or there is "
                       "not enough memory.", cause=str(error),
                       mend="Choose another period; `rollout doctor` names the days that could not be summed up.")


def know_key(database: EventDatabase, secret: bytes) -> None:
    """Notes at the first opening which key the store is written with. Raises StoreCorrupt when it is another one now.
    """
    own = key_print(secret)
    with database.transaction() as cursor:
        known = cursor.execute("SELECT value FROM store_meta WHERE name = 'key_print'").fetchall()
        if not known:
            cursor.execute("INSERT INTO store_meta VALUES ('key_print', ?)", [own])
        elif known[0][0] != own:
            raise StoreCorrupt(f"store.key is not the key that {database.path} was written with.",
                               mend="Put the store.key back that lies in every backup of this store.",
                               path=str(database.path))


def open_event_store(path: Path | None, key: bytes, *, wait_seconds: float = LOCK_WAIT_SECONDS,
                     copies: Sequence[Path] = (), minimum_free_bytes: int | None = None) -> DuckdbEventStore:
    """Opens the event store of a directory. `minimum_free_bytes`: as in `ports/free_disk.py`.

    Raises StoreLocked, StoreCorrupt, StoreTooNew.
    """
    return DuckdbEventStore(path, key, copies=copies, wait_seconds=wait_seconds,
                            minimum_free_bytes=minimum_free_bytes)
