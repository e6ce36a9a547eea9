"""Copies of the store: Parquet exports and snapshots. Made in the fenced staging directory, then moved into place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from rollout_core.errors import DiskFull, InvalidRequest, StoreUnavailable
from rollout_core.metrics.event import Kind
from rollout_core.ports.free_disk import in_words, in_words_of_the_disk
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_tables import TABLES, event_table

TIME_COLUMN = {**{event_table(kind): "occurred_at" for kind in Kind}, "agg_hour": "hour", "exposure_hour": "hour",
               "hist_hour": "hour",
               "agg_bucket": "day", "hist_day": "day", "rating_day": "day", "subject_day": "day",
               "arm_span": "from_at", "ingest_hour": "hour"}


def export_tables(database: EventDatabase, directory: Path, tables: Sequence[str], since: date | None,
                  until: date | None) -> tuple[Path, ...]:
    """One Parquet file (zstd) per table; `since` and `until` are whole UTC days, until exclusive."""
    names = tuple(tables) or tuple(event_table(kind) for kind in Kind)
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        raise InvalidRequest(f"There is no table {', '.join(unknown)}.", mend=f"Tables: {', '.join(sorted(TABLES))}")
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    with database.transaction() as cursor:
        for name in names:
            written.append(copy_out(cursor, database, name, _between(name, since, until),
                                    directory / f"{name}.parquet"))
    return tuple(written)


def copy_out(cursor: duckdb.DuckDBPyConnection, database: EventDatabase, table: str, where: str,
             target: Path) -> Path:
    """Writes the rows of a table that satisfy `where` to `target`."""
    staged = staging_of(database) / target.name
    cursor.execute(f"COPY (SELECT * FROM {table} WHERE {where}) TO '{_escaped(staged)}' "
                   f"(FORMAT parquet, COMPRESSION zstd)")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(staged, target)
    return target


def snapshot(database: EventDatabase, target: Path, free: Callable[[Path], tuple[int, int]]) -> Path:
    """A copy of everything in a new DuckDB file, as of one instant, while writing goes on. Raises DiskFull."""
    if target.exists():
        raise InvalidRequest(f"{target} exists already.", mend="Name a new file.")
    source = database.path
    size = source.stat().st_size if source is not None and source.exists() else 0
    if free(staging_of(database))[0] < 2 * size:
        raise DiskFull("There is not enough free disk for a copy of the event store.",
                       mend=f"A copy needs about {in_words(2 * size)}.", needed_bytes=2 * size)
    staged = staging_of(database) / f"{target.name}.part"
    staged.unlink(missing_ok=True)
    try:
        with database.cursor() as cursor:
            own = cursor.execute("SELECT current_database()").fetchall()[0][0]
            cursor.execute(f"ATTACH '{_escaped(staged)}' AS copied")
            try:
                cursor.execute(f'COPY FROM DATABASE "{own}" TO copied')
            finally:
                cursor.execute("DETACH copied")
        with in_words_of_the_disk(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(staged, target)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return target


def staging_of(database: EventDatabase) -> Path:
    """The only directory that this DuckDB instance may write to. Raises StoreUnavailable for one in memory."""
    if database.staging is None:
        raise StoreUnavailable("A store in memory cannot be copied.", mend="Open a store with a file.")
    return database.staging


def _between(table: str, since: date | None, until: date | None) -> str:
    column = TIME_COLUMN.get(table)
    if column is None:
        return "TRUE"
    conditions = [f"{column} >= DATE '{since:%Y-%m-%d}'"] if since else []
    conditions += [f"{column} < DATE '{until:%Y-%m-%d}'"] if until else []
    return " AND ".join(conditions) or "TRUE"


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
