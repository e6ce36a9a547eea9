"""What `rollout doctor` reports of the event store, open or not."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import duckdb

from rollout_core.ports.event_store import StoreCondition
from rollout_core.ports.free_disk import in_words, least_free
from rollout_core.storage.days_aside import days_aside
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_windows import watermark

FreeSpace = Callable[[Path], tuple[int, int]]


def condition_of(database: EventDatabase, free: FreeSpace, minimum_free_bytes: int | None = None) -> StoreCondition:
    """The condition of an open store. Sizes in bytes; row counts are DuckDB's own estimates."""
    with database.cursor() as cursor:
        version = cursor.execute("SELECT value FROM store_meta WHERE name = 'schema_version'").fetchall()[0][0]
        reached = watermark(cursor)
        behind = cursor.execute("SELECT count(DISTINCT date_trunc('day', hour)) FROM dirty_hour").fetchall()[0][0]
        rows = dict(cursor.execute("SELECT table_name, estimated_size FROM duckdb_tables() "
                                   "WHERE database_name = current_database()").fetchall())
        letters = dict(cursor.execute("SELECT reason, count(*) FROM dead_letter GROUP BY 1").fetchall())
        problems = _integrity(cursor)
        aside = days_aside(cursor)
    if not database.in_place:
        problems.append("The file was removed or replaced while it is in use: events are refused. Take a backup now.")
    sizes = _sizes(database.path)
    available, total = _free_at(database.path, free)
    least = least_free(minimum_free_bytes, total)
    if database.path is not None and available < least:
        problems.append(f"Only {in_words(available)} of disk are free: events are refused below {in_words(least)}.")
    return StoreCondition(str(database.path or "memory"), int(version), sizes[0], sizes[1], available, os.getpid(),
                          reached.replace(tzinfo=UTC) if reached else None, behind, rows, letters, tuple(problems),
                          aside, least)


def _free_at(path: Path | None, free: FreeSpace) -> tuple[int, int]:
    """(free, total) bytes where the file lies; nothing where its folder is gone."""
    try:
        return free(path.parent) if path is not None else (0, 0)
    except OSError:
        return 0, 0


def _sizes(path: Path | None) -> tuple[int, int]:
    if path is None:
        return 0, 0
    wal = path.with_name(path.name + ".wal")
    return (path.stat().st_size if path.exists() else 0), (wal.stat().st_size if wal.exists() else 0)


CHECKS: tuple[tuple[str, str], ...] = (
    ("{n} batches were acknowledged whose events are not all there (data loss).",
     "SELECT greatest(0, (SELECT coalesce(sum(stored), 0) FROM batch_token) - (SELECT coalesce(sum(n), 0) "
     "FROM ingest_hour WHERE outcome = 'stored'))"),
    ("{n} spans overlap another one of the same subject and rollout.",
     "SELECT count(*) FROM (SELECT from_at < lag(to_at) OVER (PARTITION BY rollout, subject_key ORDER BY from_at) "
     "AS too_early FROM arm_span) WHERE too_early"),
    ("{n} spans end before they begin.", "SELECT count(*) FROM arm_span WHERE to_at <= from_at"),
    ("{n} rollup rows lie after the watermark.",
     "SELECT count(*) FROM agg_hour WHERE hour >= (SELECT reached_at FROM watermark WHERE name = 'windows')"),
)
"""Sentence with {n}, and SQL that counts how often it is the case; 0 is well."""


def _integrity(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    problems = []
    for sentence, sql in CHECKS:
        found = cursor.execute(sql).fetchall()[0][0]
        if found:
            problems.append(sentence.format(n=found))
    lost = cursor.execute("SELECT value FROM store_meta WHERE name = 'lost_batches'").fetchall()
    problems += [f"Batches {numbers} were acknowledged but are not in the file: its log was damaged, or an older copy "
                 "was put in its place. Restore a backup if you have a newer one." for numbers, in lost]
    return problems
