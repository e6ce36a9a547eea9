"""Writing events: one batch, one transaction (token, duplicates, rows per kind, dead letters, dirty hours).

Duplicates are looked for by event_id within the batch's own stretch of time, written as literals so that DuckDB skips
everything outside; late events (over 2 h) are looked up apart, day by day, since one old event would open the whole
stretch. A repeated event whose clock was corrected differently is still found: the stretch covers the client's own time
and a margin.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rollout_core.errors import DiskFull, StoreCorrupt, StoreUnavailable
from rollout_core.metrics.event import MAX_UNITS
from rollout_core.metrics.event_checks import Accepted, Refusal, Rejected
from rollout_core.metrics.event_sheet import Sheet, sheets_of
from rollout_core.ports.event_store import Batch, Prepared, Written
from rollout_core.ports.free_disk import in_words, least_free
from rollout_core.storage.acknowledged_mark import AcknowledgedMark
from rollout_core.storage.event_arrow import Columns, KeyRing, columns_of, prepared, sent_of, together
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_insert import insert_new, insert_rows
from rollout_core.storage.event_ledger import bury, count_outcomes, is_known, outcomes_of, record_batch, store_slots

FreeSpace = Callable[[Path], tuple[int, int]]


def free_space(directory: Path) -> tuple[int, int]:
    """(free, total) bytes of the disk that holds `directory`."""
    usage = shutil.disk_usage(directory)
    return usage.free, usage.total


class EventWriter:
    """The only code that inserts events. `write` may be called from several threads; they go one after the other.

    `counted_until` is the instant before which windows are closed or being closed: events before it make their hour
    dirty. The closing pass moves it under the same lock, so no event falls between a closed window and its mark.
    """

    def __init__(self, database: EventDatabase, keys: KeyRing, *, free: FreeSpace = free_space,
                 minimum_free_bytes: int | None = None) -> None:
        self._database = database
        self._minimum_free = minimum_free_bytes
        self._keys = keys
        self._free = free
        self._lock = threading.Lock()
        self._mark = AcknowledgedMark(database.path)
        self.load()

    def load(self) -> None:
        """Reads slots, the last batch number and the watermark; after opening and after reopening."""
        with self._database.cursor() as cursor:
            rows = cursor.execute("SELECT unit, slot FROM unit_slot").fetchall()
            self.slots: dict[str, int] = dict(rows)
            last = cursor.execute("SELECT max(batch) FROM batch_token").fetchall()[0][0]
            reached = cursor.execute("SELECT reached_at FROM watermark WHERE name = 'windows'").fetchall()
        self._batch: int = last or 0
        self._note_lost(self._mark.read())
        self.counted_until: datetime | None = reached[0][0].replace(tzinfo=UTC) if reached else None

    def move_counted_until(self, until: datetime) -> None:
        """Says that windows up to `until` are about to be closed; waits for a write that is under way."""
        with self._lock:
            self.counted_until = max(until, self.counted_until or until)

    def prepare(self, sheets: Sequence[Sheet]) -> Columns | None:
        """See the port."""
        return prepared(sheets, self.slots, self._keys)

    def write(self, batch: Batch) -> Written:
        """One transaction. Raises DiskFull, StoreUnavailable; nothing is stored then."""
        if not self._database.in_place:
            raise StoreCorrupt(f"The event store {self._database.path} was removed or replaced while it is in use.",
                               mend="`rollout backup` still saves what it holds; then put a store in its place and "
                                    "restart the app.", path=str(self._database.path))
        self._check_disk()
        with self._lock:
            units = _units_of(batch.events)
            slots = self._slots_with(units)
            sound, refused = _fitting(batch.events, slots) if units - slots.keys() else (batch.events, [])
            parts = [*self._own(batch.prepared), columns_of(sheets_of(sound), slots, self._keys)]
            number = self._batch + 1
            tables = together(parts, number)
            with self._database.transaction() as cursor:
                if batch.token is not None and is_known(cursor, batch.token):
                    return Written(0, 0, 0, repeated=True)
                store_slots(cursor, self.slots, slots)
                known = insert_new(cursor, tables, batch)
                stored = {kind: table.num_rows - len(known[kind]) for kind, table in tables.items()}
                written = Written(sum(stored.values()), sum(part.count for part in parts) - sum(stored.values()),
                                  len(batch.rejected) + len(refused), False, tuple(refused),
                                  frozenset((kind.value, name) for kind, names in known.items() for name in names))
                rejected = [*batch.rejected, *refused]
                bury(cursor, number, batch, rejected)
                count_outcomes(cursor, batch.received_at, outcomes_of(sent_of(parts), stored, rejected))
                self._mark_dirty(cursor, tables.values())
                record_batch(cursor, number, batch, written)
            self._batch, self.slots = number, slots
            self._mark.write(number)
            return written

    def _own(self, prepared: Sequence[Prepared]) -> Sequence[Columns]:
        """What `prepare` made. Raises StoreUnavailable where another store has been put in place since."""
        own = [each for each in prepared if isinstance(each, Columns) and each.slots.items() <= self.slots.items()]
        if len(own) < len(prepared):
            raise StoreUnavailable("The event store was replaced while these events waited.",
                                   mend="Send them again.")
        return own

    def close(self) -> None:
        """Lets go of the mark's file."""
        self._mark.close()

    def _note_lost(self, acknowledged: int) -> None:
        """Keeps for doctor that batches were acknowledged which the file does not hold; numbers go on above them."""
        if acknowledged > self._batch:
            with self._database.transaction() as cursor:
                cursor.execute("INSERT INTO store_meta VALUES ('lost_batches', ?)",
                               [f"{self._batch + 1} to {acknowledged}"])
            self._batch = acknowledged
            self._mark.write(acknowledged)

    def _check_disk(self) -> None:
        path = self._database.path
        if path is None:
            return
        free, total = self._free(path.parent)
        least = least_free(self._minimum_free, total)
        if free < least:
            raise DiskFull(f"Only {in_words(free)} are free on the disk of {path.parent}.",
                           mend=f"Free some space; events are refused below {in_words(least)}, and flags, pause and "
                                "stop go on working.", free_bytes=free, total_bytes=total, retry_after_seconds=60)

    def _slots_with(self, units: set[str]) -> dict[str, int]:
        """The slots including units seen for the first time, as far as there is room."""
        slots = dict(self.slots)
        for unit in sorted(units - slots.keys()):
            if len(slots) < MAX_UNITS:
                slots[unit] = len(slots)
        return slots

    def _mark_dirty(self, cursor: duckdb.DuckDBPyConnection, tables: Iterable[pa.Table]) -> None:
        """Notes the closed hours that this batch touched."""
        if self.counted_until is None:
            return
        until = pa.scalar(self.counted_until.replace(tzinfo=None), pa.timestamp("us"))
        hours: set[datetime] = set()
        for table in tables:
            if table.num_rows and pc.min(table["occurred_at"]).as_py() < until.as_py():
                late = table["occurred_at"].filter(pc.less(table["occurred_at"], until))
                hours.update(pc.unique(pc.floor_temporal(late, unit="hour")).to_pylist())
        if hours:
            insert_rows(cursor, "dirty_hour", {"hour": pa.array(sorted(hours), pa.timestamp("us"))})


def _units_of(events: Iterable[Accepted]) -> set[str]:
    """Every unit that these events name."""
    named: set[str] = set().union(*map(attrgetter("event.units"), events))
    return named | {unit for unit in set(map(attrgetter("event.unit"), events)) if unit}


def _fitting(events: Sequence[Accepted], slots: dict[str, int]) -> tuple[Sequence[Accepted], list[Rejected]]:
    """Events whose units all have a slot, and the others as refusals."""
    homeless = [a for a in events if not slots.keys() >= a.event.units.keys()
                or (a.event.unit is not None and a.event.unit not in slots)]
    detail = f"this store's {MAX_UNITS} units are {', '.join(slots)}"
    refused = [Rejected(Refusal.TOO_MANY_UNITS, detail, a.event.event_id, a.event.kind) for a in homeless]
    outside = {id(accepted) for accepted in homeless}
    return [accepted for accepted in events if id(accepted) not in outside], refused
