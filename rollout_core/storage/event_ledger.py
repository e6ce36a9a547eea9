"""What the store notes about each write, in the same transaction: token, slots, dead letters, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Rejected
from rollout_core.ports.event_store import Batch, Written
from rollout_core.storage.event_insert import insert_rows, naive_utc

Outcomes = dict[tuple[str, str], int]


def is_known(cursor: duckdb.DuckDBPyConnection, token: str) -> bool:
    """True when a batch with this token was written."""
    return bool(cursor.execute("SELECT 1 FROM batch_token WHERE token = ? LIMIT 1", [token]).fetchall())


def store_slots(cursor: duckdb.DuckDBPyConnection, before: dict[str, int], after: dict[str, int]) -> None:
    """Keeps the units that were seen for the first time with their slots."""
    new = [(slot, unit) for unit, slot in after.items() if unit not in before]
    if new:
        insert_rows(cursor, "unit_slot", {"slot": pa.array([slot for slot, _ in new], pa.int8()),
                                          "unit": pa.array([unit for _, unit in new], pa.string())})


def bury(cursor: duckdb.DuckDBPyConnection, number: int, batch: Batch, rejected: Sequence[Rejected]) -> None:
    """Keeps refused events as dead letters."""
    if not rejected:
        return
    text = pa.string()
    insert_rows(cursor, "dead_letter", {
        "batch": pa.array([number] * len(rejected), pa.int64()),
        "received_at": pa.array([naive_utc(batch.received_at)] * len(rejected), pa.timestamp("us")),
        "reason": pa.array([letter.reason.value for letter in rejected], text),
        "detail": pa.array([letter.detail for letter in rejected], text),
        "event_id": pa.array([letter.event_id for letter in rejected], text),
        "kind": pa.array([letter.kind for letter in rejected], text),
        "sender": pa.array([batch.sender] * len(rejected), text),
        "raw": pa.array([letter.raw for letter in rejected], text),
    })


def outcomes_of(sent: Mapping[Kind, int], stored: Mapping[Kind, int], rejected: Sequence[Rejected]) -> Outcomes:
    """(kind, outcome) -> how many, from how many sound ones were `sent` and how many of them `stored`."""
    found: Counter[tuple[str, str]] = Counter((letter.kind or "", letter.reason.value) for letter in rejected)
    for kind, count in sent.items():
        found[(kind.value, "stored")] += stored[kind]
        found[(kind.value, "duplicate")] += count - stored[kind]
    return {key: count for key, count in found.items() if count}


def count_outcomes(cursor: duckdb.DuckDBPyConnection, received_at: datetime, outcomes: Outcomes) -> None:
    """Adds to the counts of the hour of receipt."""
    if not outcomes:
        return
    hour = naive_utc(received_at).replace(minute=0, second=0, microsecond=0)
    places = ", ".join(["(?, ?, ?, ?)"] * len(outcomes))
    rows = [value for (kind, outcome), count in outcomes.items() for value in (hour, kind, outcome, count)]
    cursor.execute(f"INSERT INTO ingest_hour VALUES {places}", rows)


def record_batch(cursor: duckdb.DuckDBPyConnection, number: int, batch: Batch, written: Written) -> None:
    """Notes that the batch was written, under its token if it has one."""
    cursor.execute("INSERT INTO batch_token VALUES (?, ?, ?, ?, ?, ?)",
                   [batch.token, number, naive_utc(batch.received_at), written.stored, written.duplicates,
                    written.rejected])
