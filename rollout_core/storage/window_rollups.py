"""Filling the rollups of whole days: delete, then insert what the raw events say now. Idempotent.

`rebuild_days` works in the caller's transaction. Per source the countable events are put into one temporary table, the
same with arms into a second, and every rollup is a GROUP BY of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import duckdb

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import COMPARED_ARMS, WHOLE_STORE_ARM
from rollout_core.storage.accumulations import (
    SOURCES,
    SUBJECT_ROWS,
    TOP_SLICES,
    Accumulation,
    SubjectRow,
    accumulations_of,
    bin_sql,
)
from rollout_core.storage.event_tables import SLOTS, event_table
from rollout_core.storage.rare_names import gather_rare
from rollout_core.storage.window_sources import Stretch, attributed_sql, counted_sql, quoted, spans_sql, whole_store_sql

COMPARED = ", ".join(quoted(arm) for arm in COMPARED_ARMS)
FLAG, NO_FLAG = "coalesce(flag, '')", "''"
DAY_TABLES = ("agg_bucket", "hist_day", "rating_day", "subject_day")
HOUR_TABLES = ("agg_hour", "exposure_hour")


@dataclass(frozen=True, slots=True)
class Joined:
    """A rollout and the slot of its unit in the event tables."""

    rollout: str
    unit: str
    slot: str


def joined_rollouts(cursor: duckdb.DuckDBPyConnection) -> list[Joined]:
    """Rollouts whose unit has been seen in any event."""
    rows = cursor.execute("SELECT r.rollout, r.unit, s.slot FROM rollout_mirror AS r JOIN unit_slot AS s USING (unit) "
                          "ORDER BY ALL").fetchall()
    return [Joined(rollout, unit, SLOTS[slot]) for rollout, unit, slot in rows]


def rebuild_days(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """Rebuilds all rollups of the days [since, until's day]; `stretch.until` may lie within its day (the watermark)."""
    _delete(cursor, stretch)
    rollouts = joined_rollouts(cursor)
    _gather_spans(cursor, rollouts, stretch)
    for source in SOURCES:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {counted_sql(source, stretch)}")
        if not cursor.execute("SELECT 1 FROM counted LIMIT 1").fetchall():
            continue
        _insert_subject_days(cursor, [row for row in SUBJECT_ROWS if row.source == source])
        gather_rare(cursor, source)
        _attribute(cursor, rollouts)
        accumulations = accumulations_of(source)
        _insert_hours(cursor, accumulations)
        _insert_buckets(cursor, [row for row in accumulations if row.bucket])
        _insert_histograms(cursor, [row for row in accumulations if row.histogram])
        if source == Kind.FEEDBACK:
            _insert_ratings(cursor)
        if source == Kind.ERROR:
            _merge_error_groups(cursor, stretch)
    _insert_entered(cursor, stretch)
    for name in ("counted", "attributed", "seen_span"):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _delete(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """Empties the whole days that the stretch touches."""
    first, last = stretch.since.date(), (stretch.until - timedelta(microseconds=1)).date()
    for table in DAY_TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE day BETWEEN ? AND ?", [first, last])
    for table in HOUR_TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE hour >= ?::DATE AND hour < ?::DATE + 1", [first, last])


def _gather_spans(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined], stretch: Stretch) -> None:
    """temp.seen_span: the spans of everybody who did anything in the stretch, with the gaps between them."""
    cursor.execute("CREATE OR REPLACE TEMP TABLE seen_span (rollout VARCHAR, subject_key UBIGINT, from_at TIMESTAMP, "
                   "to_at TIMESTAMP, arm VARCHAR, epoch INTEGER, inclusion INTEGER, bucket UTINYINT)")
    for joined in rollouts:
        keys = keys_sql(joined.slot, stretch)
        cursor.execute(f"INSERT INTO seen_span SELECT {quoted(joined.rollout)}, * FROM "
                       f"({spans_sql(joined.rollout, joined.slot, keys)})")


def keys_sql(slot: str, stretch: Stretch, kinds: Iterable[str] = tuple(Kind)) -> str:
    """SELECT of the keys in a slot that did anything in a stretch."""
    return " UNION ".join(f"SELECT {slot} AS subject_key FROM {event_table(kind)} "
                          f"WHERE {stretch.sql()} AND {slot} IS NOT NULL" for kind in kinds)


def _attribute(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined]) -> None:
    parts = [whole_store_sql("counted")]
    parts += [attributed_sql(joined.rollout, joined.slot, "counted",
                             f"(SELECT * FROM seen_span WHERE rollout = {quoted(joined.rollout)})")
              for joined in rollouts]
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE attributed AS {' UNION ALL '.join(parts)}")


def contributions_sql(accumulations: Sequence[Accumulation], relation: str, extra: str = "") -> str:
    """Rows (rollout, occurred_at, epoch, inclusion, arm, bucket, flag, metric, d, x, weight_milli[, extra])."""
    return " UNION ALL ".join(
        f"SELECT rollout, occurred_at, epoch, inclusion, arm, bucket, "
        f"{FLAG if row.flag else NO_FLAG} AS flag, {row.key_sql} AS metric, {row.d} AS d, {row.x} AS x, "
        f"weight_milli{extra} FROM {relation} WHERE {row.where}" for row in accumulations)


def with_exceedances(contributions: str) -> str:
    """The contributions and, for every frozen reference (purpose "above..."), the share of values above it."""
    return (f"SELECT * FROM ({contributions}) UNION ALL SELECT c.* REPLACE (f.purpose || ':' || c.metric AS metric, "
            f"(c.x > f.value)::BIGINT AS x) FROM ({contributions}) AS c JOIN frozen_value AS f ON "
            f"f.rollout = c.rollout AND f.metric = c.metric AND f.purpose LIKE 'above%' AND c.occurred_at >= f.from_at")


LARGEST = 2**63 - 1
HOUR_SUMS = ("sum(d)::BIGINT AS n, sum(weight_milli * d)::BIGINT AS w, sum(x)::HUGEINT AS s, "
             "sum(x::HUGEINT * x)::HUGEINT AS ss, min(x)::BIGINT AS mn, max(x)::BIGINT AS mx")


def _insert_hours(cursor: duckdb.DuckDBPyConnection, accumulations: Sequence[Accumulation]) -> None:
    if accumulations:
        cursor.execute(f"INSERT INTO agg_hour SELECT rollout, date_trunc('hour', occurred_at), epoch, inclusion, arm, "
                       f"flag, metric, {HOUR_SUMS} FROM "
                       f"({with_exceedances(contributions_sql(accumulations, 'attributed'))}) "
                       f"GROUP BY ALL ORDER BY 1, 2")


def _insert_buckets(cursor: duckdb.DuckDBPyConnection, accumulations: Sequence[Accumulation]) -> None:
    if accumulations:
        cursor.execute(
            f"INSERT INTO agg_bucket SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, metric, bucket, "
            f"sum(d)::BIGINT, sum(x)::HUGEINT, sum(least(x, cap))::HUGEINT, sum(least(x, cap)::HUGEINT * least(x, cap))"
            f"::HUGEINT FROM (SELECT c.*, coalesce(f.value, 9223372036854775807) AS cap FROM "
            f"({with_exceedances(contributions_sql(accumulations, 'attributed'))}) AS c LEFT JOIN frozen_value AS f "
            f"ON f.rollout = c.rollout AND f.metric = c.metric AND f.purpose = 'cap' AND c.occurred_at >= f.from_at "
            f"WHERE c.arm IN ({COMPARED})) "
            f"GROUP BY ALL")


def _insert_histograms(cursor: duckdb.DuckDBPyConnection, accumulations: Sequence[Accumulation]) -> None:
    for row in accumulations:
        everything = f"SELECT *, '' AS slice FROM attributed WHERE {row.where}"
        parts = [everything, *(_slice_sql(row, column, prefix) for column, prefix in row.slices)]
        cursor.execute(
            f"INSERT INTO hist_day SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, {row.key_sql}, slice, "
            f"{bin_sql(row.x)}, count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY ALL")


def _slice_sql(row: Accumulation, column: str, prefix: str) -> str:
    """The rows whose value of a column is among the most frequent of its day."""
    top = (f"SELECT occurred_at::DATE AS day, {column} AS label FROM counted WHERE {column} IS NOT NULL GROUP BY 1, 2 "
           f"QUALIFY row_number() OVER (PARTITION BY occurred_at::DATE ORDER BY count(*) DESC, {column}) "
           f"<= {TOP_SLICES}")
    return (f"SELECT a.*, {quoted(prefix)} || {column} AS slice FROM attributed AS a SEMI JOIN ({top}) AS t "
            f"ON t.day = a.occurred_at::DATE AND t.label = a.{column} WHERE {row.where} "
            f"AND a.arm IN ({COMPARED}, {quoted(WHOLE_STORE_ARM)})")


def _insert_ratings(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute("INSERT INTO rating_day SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, "
                   "CASE WHEN name = 'nps' THEN 'nps' ELSE 'satisfaction' END, low, high, "
                   "round(value / 1000000)::INTEGER, count(*) FROM attributed GROUP BY ALL")


def fitting(total: str) -> str:
    """SQL of a sum as BIGINT, at its ends where it is beyond them: one subject's sum must not keep a day from closing.
    """
    return f"greatest(least({total}, {LARGEST}), -{LARGEST})::BIGINT"


def _insert_subject_days(cursor: duckdb.DuckDBPyConnection, rows: Sequence[SubjectRow]) -> None:
    units = cursor.execute("SELECT unit, slot FROM unit_slot").fetchall()
    for row in rows:
        for unit, slot in units:
            cursor.execute(
                f"INSERT INTO subject_day SELECT {quoted(unit)}, {SLOTS[slot]}, occurred_at::DATE, {quoted(row.kind)}, "
                f"coalesce({row.what}, ''), sum({row.d})::BIGINT, {fitting(f'sum({row.x})')}, min(occurred_at) "
                f"FROM counted WHERE {SLOTS[slot]} IS NOT NULL AND {row.where} GROUP BY ALL")


def _insert_entered(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    cursor.execute(f"INSERT INTO exposure_hour SELECT rollout, date_trunc('hour', from_at), phase, epoch, inclusion, "
                   f"arm, count(*) FROM arm_span WHERE entered AND {stretch.sql('from_at')} GROUP BY ALL")


def _merge_error_groups(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """What a fingerprint is comes from its newest error; first and last seen only ever widen."""
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh_group AS SELECT fingerprint, arg_max(category, occurred_at) AS category, "
        f"arg_max(severity, occurred_at) AS severity, arg_max(name, occurred_at) AS name, "
        f"arg_max(message, occurred_at) AS message, arg_max(release, occurred_at) AS release, "
        f"min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM event_error WHERE {stretch.sql()} GROUP BY 1")
    cursor.execute("UPDATE fresh_group SET first_at = least(fresh_group.first_at, g.first_at), "
                   "last_at = greatest(fresh_group.last_at, g.last_at) FROM error_group AS g "
                   "WHERE g.fingerprint = fresh_group.fingerprint")
    cursor.execute("DELETE FROM error_group WHERE fingerprint IN (SELECT fingerprint FROM fresh_group)")
    cursor.execute("INSERT INTO error_group SELECT fingerprint, category, severity, name, message, release, first_at, "
                   "last_at FROM fresh_group")
    cursor.execute("DROP TABLE temp.fresh_group")
