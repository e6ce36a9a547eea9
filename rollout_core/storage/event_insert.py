"""Arrow into DuckDB: registering, inserting, and inserting only what is not known yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_store import Batch
from rollout_core.storage.event_tables import event_table

LATE_AFTER = timedelta(hours=2)
CLOCK_MARGIN = timedelta(minutes=2)


@contextmanager
def registered(cursor: duckdb.DuckDBPyConnection, table: pa.Table) -> Iterator[None]:
    """The Arrow table as relation `incoming` of this cursor."""
    cursor.register("incoming", table)
    try:
        yield
    finally:
        cursor.unregister("incoming")


def insert_rows(cursor: duckdb.DuckDBPyConnection, table: str, columns: dict[str, pa.Array]) -> None:
    """Inserts Arrow columns into the columns of their names. `table` is a name from `event_tables`."""
    with registered(cursor, pa.table(columns)):
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM incoming")


def literal(moment: datetime) -> str:
    """A UTC instant as a SQL literal; literals, unlike parameters, let DuckDB skip row groups at planning."""
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"TIMESTAMP '{naive.isoformat(sep=' ', timespec='microseconds')}'"


def stretches(table: pa.Table, batch: Batch) -> Iterator[pa.Table]:
    """The table cut into stretches of time that are looked up together: the recent part, then late ones by day."""
    if batch.ordered or table.num_rows == 0:
        yield table
        return
    border = pa.scalar((batch.received_at - LATE_AFTER).astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
    if pc.min(table["occurred_at"]).as_py() >= border.as_py():
        yield table
        return
    recent = pc.greater_equal(table["occurred_at"], border)
    yield table.filter(recent)
    late = table.filter(pc.invert(recent))
    days = pc.floor_temporal(late["occurred_at"], unit="day")
    for day in pc.unique(days).to_pylist():
        yield late.filter(pc.equal(days, pa.scalar(day, pa.timestamp("us"))))


def insert_new(cursor: duckdb.DuckDBPyConnection, kind: Kind, table: pa.Table) -> list[str]:
    """Inserts what is not known yet; answers the event_ids that were. Looking them up first, with nothing but the ids,
    costs half of an INSERT with an anti-join, which would carry every column through its hash table."""
    if table.num_rows == 0:
        return []
    name = event_table(kind)
    since, until = _stretch_of(table)
    with registered(cursor, table):
        known = [event_id for event_id, in cursor.execute(
            f"SELECT event_id FROM {name} SEMI JOIN incoming USING (event_id) "
            f"WHERE occurred_at BETWEEN {literal(since)} AND {literal(until)}").fetchall()]
        if not known:
            cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming")
            return []
    fresh = table.filter(pc.invert(pc.is_in(table["event_id"], value_set=pa.array(known, pa.string()))))
    with registered(cursor, fresh):
        cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming")
    return known


def _stretch_of(table: pa.Table) -> tuple[datetime, datetime]:
    ends = pc.min_max(table["occurred_at"]).as_py()
    since, until = ends["min"], ends["max"]
    if table["client_at"].null_count < table.num_rows:
        own = pc.min_max(table["client_at"]).as_py()
        since, until = min(since, own["min"]) - CLOCK_MARGIN, max(until, own["max"]) + CLOCK_MARGIN
    return since, until
