"""Arrow into DuckDB: registering, inserting, and inserting only what is not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_store import Batch
from rollout_core.storage.event_tables import event_table

LATE_AFTER = timedelta(hours=2)
CLOCK_MARGIN = timedelta(minutes=2)


Tables = Mapping[Kind, pa.Table]


@contextmanager
def registered(cursor: duckdb.DuckDBPyConnection, table: pa.Table) -> Iterator[None]:
    """The Arrow table as relation `incoming` of this cursor, to be read by one statement.

    As a bare stream: for a table DuckDB asks pyarrow's dataset layer, which takes a millisecond a statement.
    """
    cursor.register("incoming", table.__arrow_c_stream__())
    try:
        yield
    finally:
        cursor.unregister("incoming")


def insert_rows(cursor: duckdb.DuckDBPyConnection, table: str, columns: dict[str, pa.Array]) -> None:
    """Inserts Arrow columns into the columns of their names. `table` is a name from `event_tables`."""
    with registered(cursor, pa.table(columns)):
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM incoming")


def naive_utc(moment: datetime) -> datetime:
    """As DuckDB's TIMESTAMP takes it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def literal(moment: datetime) -> str:
    """A UTC instant as a SQL literal; literals, unlike parameters, let DuckDB skip row groups at planning."""
    naive = naive_utc(moment) if moment.tzinfo else moment
    return f"TIMESTAMP '{naive.isoformat(sep=' ', timespec='microseconds')}'"


def insert_new(cursor: duckdb.DuckDBPyConnection, tables: Tables, batch: Batch) -> dict[Kind, list[str]]:
    """Inserts what is not known yet; answers the event_ids of each kind that were."""
    known = known_ids(cursor, tables, batch)
    for kind, table in tables.items():
        fresh = table.filter(pc.invert(pc.is_in(table["event_id"], pa.array(known[kind], pa.string())))) \
            if known[kind] else table
        if fresh.num_rows:
            with registered(cursor, fresh):
                cursor.execute(f"INSERT INTO {event_table(kind)} SELECT * FROM incoming")
    return known


def known_ids(cursor: duckdb.DuckDBPyConnection, tables: Tables, batch: Batch) -> dict[Kind, list[str]]:
    """The event_ids of each kind that the store holds already, each looked for in its own stretch of time.

    One statement asks all kinds, with nothing but the ids: planning costs more than looking, and an INSERT with an
    anti-join would carry every column through its hash table.
    """
    found: dict[Kind, list[str]] = {kind: [] for kind in tables}
    for parts in stretches(tables, batch):
        kinds = list(parts)
        stored = " UNION ALL ".join(
            f"SELECT {place} AS kind, event_id FROM {event_table(kind)} WHERE {_around(parts[kind])}"
            for place, kind in enumerate(kinds))
        with registered(cursor, pa.concat_tables([table.select(["event_id"]) for table in parts.values()])):
            rows = cursor.execute(f"SELECT * FROM ({stored}) SEMI JOIN incoming USING (event_id)").fetchall()
        for place in {at for at, _ in rows}:        # an id may be that of another kind's event in this batch
            own = parts[kinds[place]]["event_id"].to_pylist()
            found[kinds[place]] += {event_id for at, event_id in rows if at == place}.intersection(own)
    return found


def stretches(tables: Tables, batch: Batch) -> Iterator[Tables]:
    """Ids and times cut into stretches of time that are looked up together: the recent part, then late ones by day."""
    looked = {kind: table.select(["event_id", "occurred_at", "client_at"])
              for kind, table in tables.items() if table.num_rows}
    border = pa.scalar(naive_utc(batch.received_at - LATE_AFTER), pa.timestamp("us"))
    late: Tables = {} if batch.ordered else _where(looked, lambda at: pc.less(at, border))
    recent = _where(looked, lambda at: pc.greater_equal(at, border)) if late else looked
    if recent:
        yield recent
    for day in sorted({day for table in late.values() for day in pc.unique(_days(table["occurred_at"])).to_pylist()}):
        yield _where(late, partial(_lie_on, day))


def _where(tables: Tables, chosen: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Tables:
    """The rows whose times are chosen, without the kinds that have none."""
    found = {kind: table.filter(chosen(table["occurred_at"])) for kind, table in tables.items()}
    return {kind: table for kind, table in found.items() if table.num_rows}


def _days(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.floor_temporal(moments, unit="day")


def _lie_on(day: datetime, moments: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.equal(_days(moments), pa.scalar(day, pa.timestamp("us")))


def _around(table: pa.Table) -> str:
    """The condition on the times of stored events that may be the same as those of the table."""
    ends = pc.min_max(table["occurred_at"]).as_py()
    since, until = ends["min"], ends["max"]
    if table["client_at"].null_count < table.num_rows:
        own = pc.min_max(table["client_at"]).as_py()
        since, until = min(since, own["min"]) - CLOCK_MARGIN, max(until, own["max"]) + CLOCK_MARGIN
    return f"occurred_at BETWEEN {literal(since)} AND {literal(until)}"
