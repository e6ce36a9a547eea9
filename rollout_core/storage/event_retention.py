"""Letting go: days past their keeping time (exported first), and single subjects (`rollout forget`).

Rollups stay. Days whose raw events are gone are never rebuilt: `store_meta.raw_since` says from when on they may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from re import compile as compile_pattern

import duckdb
import pyarrow as pa
import pyarrow.dataset as arrow_dataset

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import Kept, Rows
from rollout_core.ports.event_store import Forgotten, Retained
from rollout_core.ports.keeping import DEFAULT_KEEP_DAYS
from rollout_core.storage.day_parts import stamp_every_day
from rollout_core.storage.event_arrow import KeyRing
from rollout_core.storage.event_copies import copy_out
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_insert import literal
from rollout_core.storage.event_tables import SLOTS, event_table
from rollout_core.storage.reader import Reader
from rollout_core.storage.register_table import create_tables, forget_subject

WITHOUT_EVENTS: Mapping[str, tuple[str, str]] = {"dead_letter": ("dead_letter", "received_at"),
                                                 "subject_day": ("subject_day", "day")}
"""What is kept besides events: table and the column that tells its age."""

QUOTED = compile_pattern(r'"([^"]+)"')
"""What stands between quotes in a dead letter's raw text."""

TEXTS = ((Kind.ERROR, "message"), (Kind.FEEDBACK, "comment"), (Kind.SUPPORT_TICKET, "message"),
         (Kind.HEALTH_CHECK, "message"), (Kind.SECURITY_ISSUE, "message"))


def retain(database: EventDatabase, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
    """Drops what is older than kept, whole UTC days; only what was exported in the same breath is dropped."""
    keep = {**DEFAULT_KEEP_DAYS, **keep_days}
    today = now.astimezone(UTC).date()
    dropped: dict[str, int] = {}
    files: list[str] = []
    for kind in Kind:
        with database.transaction() as cursor:
            days, written = _drop_kind(cursor, database, kind, today - timedelta(days=keep[kind.value]), export_to)
        dropped.update({kind.value: days} if days else {})
        files += written
    with database.transaction() as cursor:
        _drop_texts(cursor, today - timedelta(days=keep["text"]))
        cursor.execute("DELETE FROM dead_letter WHERE received_at < ?::DATE",
                       [today - timedelta(days=keep["dead_letter"])])
        if cursor.execute("DELETE FROM subject_day WHERE day < ?",
                          [today - timedelta(days=keep["subject_day"])]).fetchall()[0][0]:
            stamp_every_day(cursor)
        cursor.execute("DELETE FROM batch_token WHERE received_at < ?::DATE AND batch < (SELECT max(batch) FROM "
                       "batch_token)", [today - timedelta(days=keep["batch_token"])])
        _compact_ingest_hours(cursor)
    return Retained(dropped, tuple(files))


def kept(reader: Reader, question: Kept) -> Rows:
    """What is there of each kind and what the next pass would delete; counts come from column statistics mostly."""
    found = [(kind, *reader.rows(_kept_of(kind, literal(first))).rows[0]) for kind, first in question.kinds]
    return Rows(("kind", "n", "oldest_at", "goes"), found, reader.closed_until_at)


def _kept_of(kind: str, first: str) -> str:
    """One row: n, oldest, how many are older than `first`."""
    if kind == "text":
        texts = " UNION ALL ".join(f"SELECT occurred_at AS written_at FROM {event_table(named)} "
                                   f"WHERE {text} IS NOT NULL" for named, text in TEXTS)
        return f"SELECT count(*), min(written_at), count(*) FILTER (WHERE written_at < {first}) FROM ({texts})"
    table, column = WITHOUT_EVENTS[kind] if kind in WITHOUT_EVENTS else (event_table(Kind(kind)), "occurred_at")
    return f"SELECT count(*), min({column})::TIMESTAMP, count(*) FILTER (WHERE {column} < {first}) FROM {table}"


def _drop_kind(cursor: duckdb.DuckDBPyConnection, database: EventDatabase, kind: Kind, first_kept: date,
               export_to: Path | None) -> tuple[int, list[str]]:
    table = event_table(kind)
    days = [day for day, in cursor.execute(f"SELECT DISTINCT occurred_at::DATE FROM {table} "
                                           f"WHERE occurred_at < ?::DATE ORDER BY 1", [first_kept]).fetchall()]
    files = []
    for day in days:
        if export_to is not None:
            where = f"occurred_at >= DATE '{day}' AND occurred_at < DATE '{day}' + 1"
            files.append(str(copy_out(cursor, database, table, where, _free_name(export_to / kind.value, f"{day}"))))
    if days:
        cursor.execute(f"DELETE FROM {table} WHERE occurred_at < ?::DATE", [first_kept])
        _raise_raw_since(cursor, first_kept)
    return len(days), files


def _free_name(directory: Path, name: str) -> Path:
    """A day may be exported twice, when late imports brought it back: the second file gets a number."""
    target, number = directory / f"{name}.parquet", 1
    while target.exists():
        number += 1
        target = directory / f"{name}.{number}.parquet"
    return target


def _raise_raw_since(cursor: duckdb.DuckDBPyConnection, day: date) -> None:
    known = raw_since(cursor)
    if known is None or day > known:
        cursor.execute("DELETE FROM store_meta WHERE name = 'raw_since'")
        cursor.execute("INSERT INTO store_meta VALUES ('raw_since', ?)", [day.isoformat()])
        cursor.execute("DELETE FROM day_aside WHERE day < ?", [day])


def raw_since(cursor: duckdb.DuckDBPyConnection) -> date | None:
    """The first day whose raw events are complete; None when nothing was ever dropped."""
    rows = cursor.execute("SELECT value FROM store_meta WHERE name = 'raw_since'").fetchall()
    return date.fromisoformat(rows[0][0]) if rows else None


def _drop_texts(cursor: duckdb.DuckDBPyConnection, first_kept: date) -> None:
    for kind, column in TEXTS:
        cursor.execute(f"UPDATE {event_table(kind)} SET {column} = NULL WHERE {column} IS NOT NULL "
                       f"AND occurred_at < ?::DATE", [first_kept])


def _compact_ingest_hours(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute("CREATE OR REPLACE TEMP TABLE compact AS SELECT hour, kind, outcome, sum(n)::BIGINT AS n "
                   "FROM ingest_hour GROUP BY ALL")
    cursor.execute("DELETE FROM ingest_hour")
    cursor.execute("INSERT INTO ingest_hour SELECT * FROM compact ORDER BY hour")
    cursor.execute("DROP TABLE temp.compact")


def forget(database: EventDatabase, slot: str | None, unit: str, subject: str, key: int,
           copies: Iterable[Path]) -> Forgotten:
    """Removes a subject everywhere in this store. `still_in` lists exports that hold its key, and every backup."""
    removed: dict[str, int] = {}
    with database.transaction() as cursor:
        if slot is not None:
            for kind in Kind:
                _delete(cursor, removed, event_table(kind), f"{slot} = $key", {"key": key})
        for table in ("arm_span", "subject_day"):
            _delete(cursor, removed, table, "unit = $unit AND subject_key = $key", {"unit": unit, "key": key})
        for table in ("subject_first", "tail_span"):
            _delete(cursor, removed, table, "subject_key = $key AND rollout IN (SELECT rollout FROM rollout_mirror "
                    "WHERE unit = $unit)", {"unit": unit, "key": key})
        _delete(cursor, removed, "dead_letter", "contains(raw, $name)", {"name": f'"{subject}"'})
        if mirrored := forget_subject(cursor, unit, subject):
            removed["register"] = mirrored
        stamp_every_day(cursor)
    return Forgotten(removed, tuple(still_in(copies, key)))


def forget_keys(database: EventDatabase, slots: Mapping[str, int], ring: KeyRing,
                keys: Collection[int]) -> dict[str, int]:
    """Removes subjects by key from every table of this store; rows removed by table.

    A dead letter goes when a text in it is the id of one of them, in any unit.
    """
    removed: dict[str, int] = {}
    wanted: dict[str, object] = {"keys": sorted(keys)}
    with database.transaction() as cursor:
        create_tables(cursor)
        for kind in Kind:
            for slot in sorted(set(slots.values())):
                _delete(cursor, removed, event_table(kind), f"k{slot} IN (SELECT unnest($keys::UBIGINT[]))", wanted)
        for table in ("arm_span", "subject_day", "subject_first", "tail_span", "register"):
            _delete(cursor, removed, table, "subject_key IN (SELECT unnest($keys::UBIGINT[]))", wanted)
        _delete(cursor, removed, "dead_letter", "raw IN (SELECT unnest($raws::VARCHAR[]))",
                {"raws": _letters_naming(cursor, slots, ring, keys)})
        stamp_every_day(cursor)
    return removed


def _letters_naming(cursor: duckdb.DuckDBPyConnection, slots: Mapping[str, int], ring: KeyRing,
                    keys: Collection[int]) -> list[str]:
    """Raw texts of dead letters that hold the id of a subject with one of these keys."""
    units = {*slots, *(unit for unit, in cursor.execute("SELECT DISTINCT unit FROM rollout_mirror").fetchall())}
    letters = cursor.execute("SELECT DISTINCT raw FROM dead_letter WHERE raw IS NOT NULL").fetchall()
    return [raw for raw, in letters
            if any(key in keys for unit in units for key in ring.keys(unit, QUOTED.findall(raw)))]


def _delete(cursor: duckdb.DuckDBPyConnection, removed: dict[str, int], table: str, where: str,
            parameters: dict[str, object]) -> None:
    count = cursor.execute(f"DELETE FROM {table} WHERE {where}", parameters or None).fetchall()[0][0]
    if count:
        removed[table] = count


def still_in(copies: Iterable[Path], key: int) -> list[str]:
    """Files below `copies` that hold the key (Parquet, looked into) or may hold it (anything else)."""
    found = []
    for directory in copies:
        for path in sorted(directory.rglob("*")) if directory.is_dir() else []:
            if path.is_file() and (path.suffix != ".parquet" or _parquet_holds(path, key)):
                found.append(str(path))
    return found


def _parquet_holds(path: Path, key: int) -> bool:
    data = arrow_dataset.dataset(path)
    named = [name for name in (*SLOTS, "subject_key") if name in data.schema.names]
    wanted = pa.scalar(key, pa.uint64())
    return any(data.count_rows(filter=arrow_dataset.field(name) == wanted) for name in named)
