"""What the events of a stretch add to the rollups: temp.fact has one row for everything that an event adds somewhere.

A statement costs DuckDB some milliseconds of planning however few rows it meets, so every source is read by one
statement, and every rollup is one GROUP BY over the facts of all sources (window_rollups.py). `feeds` says what a row
is for: sums ("sum": `metric`, `flag`, `d`, `x`, whether also by cluster bucket and as histogram, the labels of its
slices), subject_day ("deed": `metric` is its kind, `flag` its what) or subject_first ("first": `x` is the value).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from rollout_core.storage.accumulations import FIRSTS, SUBJECT_ROWS, Accumulation, accumulations_of
from rollout_core.storage.event_tables import SLOTS
from rollout_core.storage.rare_names import crowded, gather_rare
from rollout_core.storage.window_sources import (
    SESSION_ONCE,
    VITAL_ONCE,
    Stretch,
    counted_sql,
    quoted,
    session_once_sql,
    vital_once_sql,
)

FLAG, NO_FLAG = "coalesce(flag, '')", "''"
SUM, DEED, FIRST = "sum", "deed", "first"
ABOUT = f"occurred_at, {', '.join(SLOTS)}, weight_milli"
COLUMNS = (f"occurred_at TIMESTAMP, {', '.join(f'{slot} UBIGINT' for slot in SLOTS)}, weight_milli INTEGER, "
           "feeds VARCHAR, flag VARCHAR, metric VARCHAR, d BIGINT, x BIGINT, bucketed BOOLEAN, binned BOOLEAN, "
           "part1 VARCHAR, part2 VARCHAR")
"""Columns of temp.fact; part1 and part2 are labels of slices, with their prefix."""
TEMPORARY = ("fact", "counted", SESSION_ONCE, VITAL_ONCE)


def contributions_sql(accumulations: Iterable[Accumulation], relation: str, extra: str = "") -> str:
    """Rows (rollout, occurred_at, epoch, inclusion, arm, bucket, flag, metric, d, x, weight_milli[, extra]) of a
    relation whose events have their arms."""
    return " UNION ALL ".join(
        f"SELECT rollout, occurred_at, epoch, inclusion, arm, bucket, {flag_sql(row)} AS flag, "
        f"{row.key_sql} AS metric, {row.d} AS d, {row.x} AS x, weight_milli{extra} FROM {relation} WHERE {row.where}"
        for row in accumulations)


def flag_sql(row: Accumulation) -> str:
    """SQL of the flag that an accumulation is kept apart by."""
    return FLAG if row.flag else NO_FLAG


def begin_facts(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> frozenset[str]:
    """Makes the empty table, and what several sources share; answers the sources with more names than rollups keep."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE fact ({COLUMNS})")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {SESSION_ONCE} AS {session_once_sql(stretch)}")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {VITAL_ONCE} AS {vital_once_sql(stretch)}")
    return crowded(cursor, stretch)


def gather(cursor: duckdb.DuckDBPyConnection, source: str, stretch: Stretch, feeds: Iterable[str],
           many_names: frozenset[str] = frozenset()) -> int:
    """Adds the facts of one source; how many there are. Where it has too many names, all but the frequent ones become
    "other" in the sums, and stay in what is known of single subjects."""
    wanted = tuple(feeds)
    counted = counted_sql(source, stretch, shared=True)
    if source not in many_names:
        return _insert(cursor, f"WITH counted AS MATERIALIZED ({counted}) ", tuple(_facts(source, wanted)))
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {counted}")
    found = _insert(cursor, "", tuple(_facts(source, [each for each in wanted if each != SUM])))
    if SUM in wanted:
        gather_rare(cursor, source)
        found += _insert(cursor, "", tuple(_facts(source, (SUM,))))
    return found


def _insert(cursor: duckdb.DuckDBPyConnection, having: str, facts: tuple[str, ...]) -> int:
    if not facts:
        return 0
    return int(cursor.execute(f"INSERT INTO fact {having}{' UNION ALL '.join(facts)}").fetchall()[0][0])


def _facts(source: str, feeds: Iterable[str]) -> Iterator[str]:
    """SELECTs of the facts that each row of the relation `counted` makes."""
    for feed in feeds:
        if feed == SUM:
            yield from map(_sum, accumulations_of(source))
        elif feed == DEED:
            yield from (_fact(DEED, f"coalesce({row.what}, ''), {quoted(row.kind)}", (row.d, row.x), row.where)
                        for row in SUBJECT_ROWS if row.source == source)
        else:
            yield from (_fact(FIRST, f"'', {quoted(first.metric)}", ("1", first.value), first.where)
                        for first in FIRSTS if first.source == source)


def _sum(row: Accumulation) -> str:
    labels = [f"{quoted(prefix)} || {column}" for column, prefix in row.slices]
    parts = ", ".join((*labels, "NULL", "NULL")[:2]) if row.histogram else "NULL, NULL"
    return _fact(SUM, f"{flag_sql(row)}, {row.key_sql}", (row.d, row.x), row.where,
                 f"{str(row.bucket).upper()}, {str(row.histogram).upper()}, {parts}")


def _fact(feeds: str, named: str, adds: tuple[str, str], where: str, kept: str = "FALSE, FALSE, NULL, NULL") -> str:
    """`named`: SQL of flag and metric, `adds`: of d and x, `kept`: of the columns after them."""
    return (f"SELECT {ABOUT}, {quoted(feeds)}, {named}, ({adds[0]})::BIGINT, ({adds[1]})::BIGINT, {kept} FROM counted "
            f"WHERE {where}")


def end_facts(cursor: duckdb.DuckDBPyConnection) -> None:
    """Drops the temporary tables."""
    for name in TEMPORARY:
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")

