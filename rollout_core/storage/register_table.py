"""The register's columnar mirror in the event store: one row a subject, one typed column per attribute, for counting.

The register's truth is in the control database. Here an attribute has a column per kind of value it was seen with:
`s` text, `n` number, `b` truth value, `l` list, `t` instant (a text that is one has both `s` and `t`). Columns appear
when a value first does; `register_column` says which attribute is where, since any text may name an attribute. A
missing value is NULL, and so is NaN.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from enum import StrEnum
from math import inf, isnan
from re import compile as compile_pattern
from typing import Any

import duckdb
import pyarrow as pa

from rollout_core.flags.conditions import LISTS, NUMBERS, instant_of
from rollout_core.storage.event_arrow import KeyRing

DDL = (
    "CREATE TABLE IF NOT EXISTS register (unit VARCHAR NOT NULL, id VARCHAR NOT NULL, subject_key UBIGINT)",
    "CREATE TABLE IF NOT EXISTS register_column (attribute VARCHAR NOT NULL, kind VARCHAR NOT NULL, "
    "name VARCHAR NOT NULL)",
)

SEPARATOR = "\x1f"
"""Stands before, between and after the elements of a list, so that looking for one is a search in a text: nine times
as fast as DuckDB's own lists."""

_PLAIN = compile_pattern(r"[a-z][a-z0-9_]*")


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "s"
    NUMBER = "n"
    TRUTH = "b"
    LIST = "l"
    INSTANT = "t"


ARROW = {Kind.TEXT: pa.string(), Kind.NUMBER: pa.float64(), Kind.TRUTH: pa.bool_(), Kind.LIST: pa.string(),
         Kind.INSTANT: pa.timestamp("us")}
SQL = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DOUBLE", Kind.TRUTH: "BOOLEAN", Kind.LIST: "VARCHAR",
       Kind.INSTANT: "TIMESTAMP"}

Columns = Mapping[tuple[str, Kind], str]
"""(attribute, kind) -> name of the column."""


def upsert_subjects(cursor: duckdb.DuckDBPyConnection, unit: str,
                    subjects: Iterable[tuple[str, Mapping[str, Any] | None]], keys: KeyRing | None = None) -> int:
    """Writes subjects as they stand now, whole, in the caller's transaction; the last row of an id counts, and one
    without attributes takes the subject out.

    Returns how many subjects there were.
    """
    last = dict(subjects)
    newest = {subject: attributes for subject, attributes in last.items() if attributes is not None}
    create_tables(cursor)
    if gone := [subject for subject in last if subject not in newest]:
        cursor.execute("DELETE FROM register WHERE unit = ? AND id IN (SELECT unnest(?))", [unit, gone])
    if not newest:
        return len(last)
    cells = _columnar(newest.values())
    names = _with_columns(cursor, cells)
    _replace(cursor, unit, pa.table({
        "unit": pa.array([unit] * len(newest), pa.string()),
        "id": pa.array(list(newest), pa.string()),
        "subject_key": pa.array([keys.key(unit, subject) if keys else None for subject in newest], pa.uint64()),
        **{names[key]: pa.array(column, ARROW[key[1]]) for key, column in cells.items()}}))
    return len(last)


def _columnar(rows: Collection[Mapping[str, Any]]) -> dict[tuple[str, Kind], list[Any]]:
    """Attributes by column; what a subject has not is None."""
    cells: dict[tuple[str, Kind], list[Any]] = {}
    for row, attributes in enumerate(rows):
        for attribute, value in attributes.items():
            for kind, cell in cells_of(value):
                column = cells.get((attribute, kind))
                if column is None:
                    column = cells[attribute, kind] = [None] * len(rows)
                column[row] = cell
    return cells


def forget_subject(cursor: duckdb.DuckDBPyConnection, unit: str, subject: str) -> int:
    """Removes a subject; returns how many rows went."""
    create_tables(cursor)
    rows = cursor.execute("DELETE FROM register WHERE unit = $unit AND id = $id",
                          {"unit": unit, "id": subject}).fetchall()
    return int(rows[0][0])


def create_tables(cursor: duckdb.DuckDBPyConnection) -> None:
    """Creates the mirror's tables where they are missing."""
    for statement in DDL:
        cursor.execute(statement)


def columns_of(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[str, Kind], str] | None:
    """Where each attribute is; None when the store has no mirror yet."""
    tables = cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'register_column' "
                            "AND NOT temporary").fetchall()
    if not tables[0][0]:
        return None
    rows = cursor.execute("SELECT attribute, kind, name FROM register_column").fetchall()
    return {(attribute, Kind(kind)): name for attribute, kind, name in rows}


def cells_of(value: object) -> list[tuple[Kind, Any]]:
    """What an attribute's value puts into which kinds of column; nothing for a value no rule could match."""
    if isinstance(value, bool):
        return [(Kind.TRUTH, value)]
    if value.__class__ in NUMBERS:
        return _number(value)
    if value.__class__ in LISTS:
        return [(Kind.LIST, joined(value))]
    text = [(Kind.TEXT, str(value))] if isinstance(value, str) else []
    instant = instant_of(value) if not isinstance(value, str) or "0" <= value[:1] <= "9" else None
    if instant is None:
        return text
    return [*text, (Kind.INSTANT, instant.astimezone(UTC).replace(tzinfo=None))]


def joined(values: Iterable[object]) -> str:
    """A list as its column keeps it; elements that are no texts match no rule and are left out."""
    return SEPARATOR + "".join(escaped(value) + SEPARATOR for value in values if isinstance(value, str))


def escaped(element: str) -> str:
    """An element of a list without the separator, differently for different elements."""
    return element.replace("\\", "\\\\").replace(SEPARATOR, "\\u")


def _number(value: Any) -> list[tuple[Kind, Any]]:
    """A number as the nearest double, an infinite one when it is too large; nothing for NaN."""
    try:
        number = float(value)
    except OverflowError:
        number = inf if value > 0 else -inf
    return [] if isnan(number) else [(Kind.NUMBER, number)]


def _with_columns(cursor: duckdb.DuckDBPyConnection, wanted: Iterable[tuple[str, Kind]]) -> dict[tuple[str, Kind], str]:
    """Adds the columns that are missing. An attribute that is no plain lower-case word gets a numbered column."""
    known = columns_of(cursor) or {}
    for attribute, kind in wanted:
        if (attribute, kind) in known:
            continue
        name = f"{kind.value}_{attribute if _PLAIN.fullmatch(attribute) else f'_{len(known)}'}"
        cursor.execute(f"ALTER TABLE register ADD COLUMN {name} {SQL[kind]}")
        cursor.execute("INSERT INTO register_column VALUES (?, ?, ?)", [attribute, kind.value, name])
        known[attribute, kind] = name
    return known


def _replace(cursor: duckdb.DuckDBPyConnection, unit: str, rows: pa.Table) -> None:
    """Deletes the rows that come again and inserts all. Without a row of the unit there is nothing to look for."""
    cursor.register("incoming", rows)
    try:
        if cursor.execute("SELECT 1 FROM register WHERE unit = ? LIMIT 1", [unit]).fetchall():
            cursor.execute("DELETE FROM register WHERE unit = ? AND id IN (SELECT id FROM incoming)", [unit])
        cursor.execute("INSERT INTO register BY NAME SELECT * FROM incoming")
    finally:
        cursor.unregister("incoming")
