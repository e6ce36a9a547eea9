"""A copy of an event store set back in time: events come again when the clock reaches them. For rehearsals only.

The copy is a snapshot's file; what happened after the instant is set aside in tables `later_<kind>`, everything derived
is cleared and made anew by `close_windows`, so that at every instant the store knows exactly what it knew then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rollout_core.metrics.event import Kind
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.event_tables import DERIVED, event_table

FORGOTTEN = (*DERIVED, "watermark", "dirty_hour", "batch_token", "day_aside", "day_stamp",
             "epoch_mirror")
"""Tables that are made from events, or that know of later ones."""


class RewoundEventStore(DuckdbEventStore):
    """An event store over a snapshot's file. `advance_to` moves it forward; time never goes back."""

    follows_tail = False

    def __init__(self, path: Path, secret: bytes, since_at: datetime) -> None:
        super().__init__(path, secret, copies=())
        self.reached_at = since_at
        self._batch = 0
        self._rewind(since_at)

    def advance_to(self, moment: datetime) -> int:
        """Lets everything happen that happened before `moment`; returns how many events that were."""
        moved = 0
        with self.database.transaction() as cursor:
            self._batch += 1
            for kind in Kind:
                table, later = event_table(kind), f"later_{kind.value}"
                rows = cursor.execute(f"INSERT INTO {table} SELECT * REPLACE (?::BIGINT AS batch) FROM {later} "
                                      f"WHERE occurred_at >= ? AND occurred_at < ? ORDER BY occurred_at",
                                      [self._batch, _naive(self.reached_at), _naive(moment)]).fetchall()
                moved += int(rows[0][0])
            cursor.execute("INSERT INTO batch_token VALUES (?, ?, ?, ?, 0, 0)",
                           [f"rehearsal:{self._batch}", self._batch, _naive(moment), moved])
        self.reached_at = moment
        return moved

    def _rewind(self, since_at: datetime) -> None:
        with self.database.transaction() as cursor:
            for kind in Kind:
                table, later = event_table(kind), f"later_{kind.value}"
                cursor.execute(f"CREATE TABLE {later} AS SELECT * FROM {table} WHERE occurred_at >= ? "
                               f"ORDER BY occurred_at", [_naive(since_at)])
                cursor.execute(f"DELETE FROM {table} WHERE occurred_at >= ?", [_naive(since_at)])
                cursor.execute(f"UPDATE {table} SET batch = 1")
            for name in FORGOTTEN:
                cursor.execute(f"DELETE FROM {name}")
            cursor.execute("INSERT INTO batch_token VALUES ('rehearsal:1', 1, ?, 0, 0, 0)", [_naive(since_at)])
        self._batch = 1


def open_rewound(snapshot: Path, secret: bytes, since_at: datetime) -> RewoundEventStore:
    """Opens a snapshot's file set back to `since_at`. Raises StoreError."""
    return RewoundEventStore(snapshot, secret, since_at)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
