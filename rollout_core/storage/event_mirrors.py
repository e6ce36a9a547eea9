"""The event store's copies of what the control store knows: rollouts, epochs, frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import duckdb
import msgspec
import pyarrow as pa

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_store import FrozenValue, MirroredEpoch, MirroredRollout
from rollout_core.storage.day_parts import stamp_every_day
from rollout_core.storage.event_insert import insert_rows
from rollout_core.storage.event_spans import end_spans_with_epochs
from rollout_core.storage.event_tables import event_table
from rollout_core.storage.event_tail import drop_tail
from rollout_core.storage.event_windows import watermark
from rollout_core.storage.window_sources import BEGINNING

BASELINE = timedelta(days=56)
"""How far back a new rollout's history is counted: its baseline and the covariate's days."""


def mirror(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[MirroredRollout], epochs: Sequence[MirroredEpoch],
           frozen: Sequence[FrozenValue]) -> None:
    """Replaces the mirrors in the caller's transaction. Days that a rollout newly concerns become dirty."""
    counted_until = watermark(cursor)
    _add_frozen(cursor, frozen, counted_until)
    known = {row[0] for row in cursor.execute("SELECT rollout FROM rollout_mirror").fetchall()}
    changed = _replace(cursor, "rollout_mirror", _rollout_columns(rollouts))
    changed |= _replace(cursor, "epoch_mirror", _epoch_columns(epochs))
    if changed:
        end_spans_with_epochs(cursor, counted_until)
        drop_tail(cursor)
        stamp_every_day(cursor)
    if counted_until is not None and any(rollout.rollout not in known for rollout in rollouts):
        _mark_days_with_events(cursor, (counted_until - BASELINE).date(), counted_until)


def _replace(cursor: duckdb.DuckDBPyConnection, table: str, columns: dict[str, pa.Array]) -> bool:
    """Makes a table hold these rows; False when it did already (the usual case, every ten seconds)."""
    wanted = pa.table(columns)
    stored = cursor.sql(f"SELECT * FROM {table}").to_arrow_table().cast(wanted.schema)
    if stored.equals(wanted):
        return False
    cursor.execute(f"DELETE FROM {table}")
    if wanted.num_rows:
        insert_rows(cursor, table, columns)
    return True


def _rollout_columns(rollouts: Sequence[MirroredRollout]) -> dict[str, pa.Array]:
    ordered = sorted(rollouts, key=lambda row: row.rollout)
    return {"rollout": pa.array([row.rollout for row in ordered], pa.string()),
            "unit": pa.array([row.unit for row in ordered], pa.string()),
            "lateness_s": pa.array([int(row.lateness.total_seconds()) for row in ordered], pa.int32()),
            "names": pa.array([_json(sorted(row.names)) for row in ordered], pa.string())}


def _epoch_columns(epochs: Sequence[MirroredEpoch]) -> dict[str, pa.Array]:
    """Each epoch ends where the next one of its rollout begins."""
    ordered = sorted(epochs, key=lambda row: (row.rollout, row.epoch))
    following = {(row.rollout, row.epoch): later.began_at
                 for row, later in pairwise(ordered) if row.rollout == later.rollout}
    ends = [following.get((row.rollout, row.epoch)) for row in ordered]
    text, moment = pa.string(), pa.timestamp("us")
    return {
        "rollout": pa.array([row.rollout for row in ordered], text),
        "epoch": pa.array([row.epoch for row in ordered], pa.int32()),
        "began_at": pa.array([_naive(row.began_at) for row in ordered], moment),
        "ended_at": pa.array([None if end is None else _naive(end) for end in ends], moment),
        "phase": pa.array([row.phase for row in ordered], text),
        "percentage": pa.array([row.percentage for row in ordered], pa.int32()),
        "thresholds": pa.array([_json(dict(row.thresholds)) for row in ordered], text),
        "served": pa.array([_json(sorted(row.served)) for row in ordered], text),
        "cause": pa.array([row.cause for row in ordered], text),
    }


def _add_frozen(cursor: duckdb.DuckDBPyConnection, frozen: Sequence[FrozenValue],
                counted_until: datetime | None) -> None:
    """Frozen values are only ever added: what was applied to data stays."""
    known = set(cursor.execute("SELECT rollout, metric, purpose FROM frozen_value").fetchall())
    new = [row for row in frozen if (row.rollout, row.metric, row.purpose) not in known]
    since = counted_until or BEGINNING
    if new:
        insert_rows(cursor, "frozen_value", {
            "rollout": pa.array([row.rollout for row in new], pa.string()),
            "metric": pa.array([row.metric for row in new], pa.string()),
            "purpose": pa.array([row.purpose for row in new], pa.string()),
            "value": pa.array([row.value for row in new], pa.int64()),
            "from_at": pa.array([_naive(row.from_at) if row.from_at else since for row in new], pa.timestamp("us")),
        })


def _mark_days_with_events(cursor: duckdb.DuckDBPyConnection, since: date, until: datetime) -> None:
    for kind in Kind:
        cursor.execute(f"INSERT INTO dirty_hour SELECT DISTINCT date_trunc('day', occurred_at) "
                       f"FROM {event_table(kind)} WHERE occurred_at >= ?::TIMESTAMP AND occurred_at < ?",
                       [since, until])


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
