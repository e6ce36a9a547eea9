"""SQL of users: one SELECT or EXPLAIN over the allowed views, nothing else.

The statement is parsed by DuckDB itself (`json_serialize_sql` takes SELECT only) and every table it names is held
against an allow-list, and so is every function (sql_functions.py); what could multiply before anything can stop it is
refused (sql_growth.py). It then runs in a read-only transaction of an instance that cannot reach files or change
settings, waits for its turn, is interrupted when it takes too long or too much or is called off (query_watch.py), and
is cut off after `limit` rows.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import duckdb
import msgspec

from rollout_core.errors import QueryRefused
from rollout_core.ports.event_store import Found
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_tables import TABLES
from rollout_core.storage.event_views import view_definitions
from rollout_core.storage.query_watch import Stopped, Watch, refusal, turn
from rollout_core.storage.sql_functions import check_function
from rollout_core.storage.sql_growth import check_growth

HARMLESS_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
LONGEST_SQL = 20_000
LONGEST_NEAR = 40
"""Characters of the SQL that are repeated before the place of a mistake."""

ONLY_READS = "Only SELECT and EXPLAIN are allowed."
COLUMNS_ARE_IN = "The view `view_columns` names what there is."

MOST_BYTES = 64 * 1024 * 1024
"""Of text and blobs in an answer; it is cut off there like a long one."""

REFUSED_NODES = frozenset({"SHOW_REF", "BOUND_TABLE_REF", "COLUMN_DATA", "DELIM_GET"})
ROWS_AT_ONCE = 200

_NAME = re.compile(r"[^\W\d]\w*")
_READS = re.compile(r"(?:[\s(]|--[^\n]*|/\*.*?\*/)*+(?:SELECT|WITH|EXPLAIN|FROM|VALUES)\b", re.IGNORECASE | re.DOTALL)
_EXPLAIN = re.compile(r"\s*EXPLAIN(\s+ANALYZE)?\s+(?=\S)", re.IGNORECASE)


def query(database: EventDatabase, sql: str, limit: int, seconds: float,
          called_off: threading.Event | None = None) -> Found:
    """Runs a user's statement. Raises QueryRefused with what is allowed, or with what DuckDB says about it."""
    with turn(called_off), database.cursor() as cursor, Watch(database, cursor, seconds, called_off) as watch:
        try:
            check(cursor, sql)
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            cursor.execute(sql)
            described = cursor.description or []
            rows, cut = fetched(cursor, limit)
        except duckdb.InterruptException as error:
            raise refusal(watch.stopped or Stopped.LATE, seconds) from error
        except duckdb.OutOfMemoryException as error:
            raise refusal(Stopped.LARGE, seconds) from error
        except duckdb.FatalException:
            raise
        except duckdb.Error as error:
            raise QueryRefused(str(error).split("\n")[0],
                               mend=COLUMNS_ARE_IN) from error
    return Found(tuple(column[0] for column in described), rows, cut, tuple(str(column[1]) for column in described))


def fetched(cursor: duckdb.DuckDBPyConnection, limit: int, most_bytes: int = MOST_BYTES) -> tuple[
        list[tuple[Any, ...]], bool]:
    """Rows up to `limit` and about `most_bytes` of text, and whether there were more."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    while part := cursor.fetchmany(min(ROWS_AT_ONCE, limit + 1 - len(rows))):
        rows += (tuple(row) for row in part)
        size += sum(len(value) for row in part for value in row if isinstance(value, str | bytes | list | dict))
        if len(rows) > limit or size > most_bytes:
            return rows[:limit], True
    return rows, False


def check(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raises QueryRefused unless `sql` is one SELECT (or EXPLAIN of one) over the allowed views."""
    if len(sql) > LONGEST_SQL:
        raise QueryRefused(f"The query has {len(sql):,} characters; at most {LONGEST_SQL:,} are read.",
                           mend="Ask in two steps.")
    explained = _EXPLAIN.match(sql)
    try:
        _check_tree(cursor, _parsed(cursor, sql[explained.end():] if explained else sql))
    except RecursionError as error:
        raise QueryRefused("The query is nested too deeply.", mend="Ask in two steps.") from error


def _check_tree(cursor: duckdb.DuckDBPyConnection, tree: dict[str, Any]) -> None:
    statements = tree.get("statements", [])
    if len(statements) != 1:
        raise QueryRefused("Give one statement at a time.", mend="Remove everything but one SELECT.")
    allowed = view_definitions().keys()
    ctes = set(_cte_names(statements[0]))
    taken = taken_names(cursor, ctes - allowed)
    if taken:
        raise QueryRefused(f"A WITH clause may not be named {', '.join(sorted(taken))}.", mend="Choose another name.")
    nodes = list(_nodes(statements[0]))
    in_from = {id(node.get("function")) for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    for node in nodes:
        _check_node(node, allowed | ctes)
        if node.get("class") in {"FUNCTION", "WINDOW"} and id(node) not in in_from:
            check_function(node)
    check_growth(statements[0])


def taken_names(cursor: duckdb.DuckDBPyConnection, names: set[str]) -> set[str]:
    """Which of `names` stand for a table or view outside of the WITH clause that defines them, catalogue included: a
    name that is allowed because one part of a query defines it is allowed everywhere in the query."""
    sql = ("SELECT lower(table_name) FROM duckdb_tables() UNION SELECT lower(view_name) FROM duckdb_views()")
    found = {name for (name,) in cursor.execute(sql).fetchall()} if names else set()
    return {name for name in names if name in found | TABLES.keys() or not _NAME.fullmatch(name)}


def _parsed(cursor: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    try:
        text = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0][0]
    except duckdb.Error as error:
        raise QueryRefused(str(error).split("\n")[0], mend=_advice(sql, None)) from error
    tree: dict[str, Any] = msgspec.json.decode(text)
    if tree.get("error"):
        said = str(tree.get("error_message", ""))
        if "serialized to json" in said or not said:
            raise QueryRefused("This is not a SELECT.", mend=ONLY_READS)
        raise QueryRefused(f"{said.rstrip('.')}.", mend=_advice(sql, tree.get("position")))
    return tree


def _advice(sql: str, position: str | None) -> str:
    """What helps against an error of the parser: in something that was meant to read, where to look."""
    if not _READS.match(sql):
        return ONLY_READS
    if position is None:
        return f"Check the SQL. {COLUMNS_ARE_IN}"
    before = sql[:int(position) + 1].split()
    near = " ".join(before)[-LONGEST_NEAR:].strip()
    return f"Check the SQL near: {near} … {COLUMNS_ARE_IN}"


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _cte_names(tree: Any) -> Iterator[str]:
    for node in _nodes(tree):
        cte_map = node.get("cte_map")
        if isinstance(cte_map, dict):
            yield from (entry["key"].lower() for entry in cte_map.get("map", []))
        if node.get("type") in ("RECURSIVE_CTE_NODE", "CTE_NODE"):
            yield str(node.get("cte_name", "")).lower()


def _check_node(node: dict[str, Any], allowed: Any) -> None:
    kind = node.get("type")
    if isinstance(kind, str) and kind in REFUSED_NODES:
        raise QueryRefused("This kind of statement is not allowed.", mend=ONLY_READS)
    if node.get("id") == "ARRAY":
        raise QueryRefused("Arrays of a fixed size may not be used.", mend="Lists, such as INTEGER[], may.")
    if kind == "BASE_TABLE":
        name, place = str(node.get("table_name", "")).lower(), node.get("schema_name") or node.get("catalog_name")
        if name not in allowed or place:
            raise QueryRefused(f"{node.get('table_name')} may not be read.",
                               mend=f"Views: {', '.join(sorted(view_definitions()))}.")
    if kind == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name", "")).lower()
        if name not in HARMLESS_TABLE_FUNCTIONS:
            raise QueryRefused(f"The table function {name} may not be used.",
                               mend=f"Allowed: {', '.join(sorted(HARMLESS_TABLE_FUNCTIONS))}.")
