"""Filling the rollups of whole days: delete, then insert what the raw events say now. Idempotent.

`rebuild_days` works in the caller's transaction. The facts of all sources (window_facts.py) get their arms in one
temporary table, and every rollup is one GROUP BY of it. Where there are very many, some sources at a time: no row of a
rollup comes from two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import duckdb

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import COMPARED_ARMS, WHOLE_STORE_ARM
from rollout_core.storage.accumulations import FIRSTS, SOURCES, TOP_SLICES, bin_sql
from rollout_core.storage.event_tables import SLOTS
from rollout_core.storage.recent_hours import insert_hours, let_go_of_hours
from rollout_core.storage.window_facts import DEED, FIRST, SUM, begin_facts, end_facts, gather
from rollout_core.storage.window_sources import (
    Stretch,
    attributed_sql,
    counted_sql,
    quoted,
    spans_sql,
    whole_store_sql,
)

COMPARED = ", ".join(quoted(arm) for arm in COMPARED_ARMS)
DAY_TABLES = ("agg_bucket", "hist_day", "rating_day", "subject_day")
HOUR_TABLES = ("agg_hour", "exposure_hour", "hist_hour")
FACTS_AT_ONCE = 2_000_000
"""Beyond that many facts they are worked off before more are gathered, so that no GROUP BY holds all of a day. What the
pass takes as a whole is not bounded by it: DuckDB lets go of the rows of temporary tables (a hundred bytes each, with
their arms two to three times) at the end of the transaction only, and puts on disk what its memory limit leaves out."""


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


def rebuild_days(cursor: duckdb.DuckDBPyConnection, stretch: Stretch, firsts_until: Stretch) -> None:
    """Rebuilds all rollups of the days [since, until's day]; `stretch.until` may lie within its day (the watermark).

    First events are found anew in `firsts_until`, which begins with the stretch and ends with all that is closed: an
    earlier first event may take a later one's place.
    """
    _delete(cursor, stretch)
    cursor.execute("DELETE FROM subject_first WHERE first_at >= ?", [stretch.since])
    rollouts = joined_rollouts(cursor)
    longer = firsts_until.until > stretch.until
    counts = _work_off(cursor, rollouts, stretch, (SUM, DEED) if longer else (SUM, DEED, FIRST), SOURCES)
    if longer:
        _work_off(cursor, rollouts, firsts_until, (FIRST,), dict.fromkeys(first.source for first in FIRSTS))
    if counts[Kind.ERROR]:
        _merge_error_groups(cursor, stretch)
    _insert_entered(cursor, stretch)
    let_go_of_hours(cursor, stretch)


def _work_off(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined], stretch: Stretch, feeds: Sequence[str],
              sources: Iterable[str]) -> dict[str, int]:
    """Facts by source; each has gone into the rollups."""
    many_names = begin_facts(cursor, stretch)
    counts, waiting = dict.fromkeys(SOURCES, 0), dict[str, int]()
    for source in sources:
        waiting[source] = counts[source] = gather(cursor, source, stretch, feeds, many_names)
        if sum(waiting.values()) > FACTS_AT_ONCE:
            _insert_facts(cursor, rollouts, stretch, feeds, waiting)
            cursor.execute("DELETE FROM fact")
            waiting.clear()
    if any(waiting.values()):
        _insert_facts(cursor, rollouts, stretch, feeds, waiting)
    end_facts(cursor)
    return counts


def _insert_facts(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined], stretch: Stretch,
                  feeds: Sequence[str], counts: Mapping[str, int]) -> None:
    _gather_spans(cursor, rollouts)
    if SUM in feeds:
        _place(cursor, rollouts)
        _insert_hours(cursor)
        _insert_buckets(cursor)
        _insert_histograms(cursor)
        insert_hours(cursor, stretch)
        if counts.get(Kind.FEEDBACK):
            _insert_ratings(cursor, rollouts, stretch)
        cursor.execute("DROP TABLE temp.placed")
    if DEED in feeds:
        _insert_subject_days(cursor)
    if FIRST in feeds:
        _insert_firsts(cursor, rollouts)
    cursor.execute("DROP TABLE temp.seen_span")


def _delete(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """Empties the whole days that the stretch touches."""
    first, last = stretch.since.date(), (stretch.until - timedelta(microseconds=1)).date()
    for table in DAY_TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE day BETWEEN ? AND ?", [first, last])
    for table in HOUR_TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE hour >= ?::DATE AND hour < ?::DATE + 1", [first, last])


def _gather_spans(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined]) -> None:
    """temp.seen_span: the spans of everybody who did any of the facts, with the gaps between them."""
    cursor.execute("CREATE OR REPLACE TEMP TABLE seen_span (rollout VARCHAR, subject_key UBIGINT, from_at TIMESTAMP, "
                   "to_at TIMESTAMP, arm VARCHAR, epoch INTEGER, inclusion INTEGER, bucket UTINYINT)")
    for joined in rollouts:
        keys = f"SELECT {joined.slot} AS subject_key FROM fact WHERE {joined.slot} IS NOT NULL"
        cursor.execute(f"INSERT INTO seen_span SELECT {quoted(joined.rollout)}, * FROM "
                       f"({spans_sql(joined.rollout, joined.slot, keys)})")


FACT = "f.occurred_at, f.weight_milli, f.flag, f.metric, f.d, f.x, f.bucketed, f.binned, f.part1, f.part2"


def _place(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined]) -> None:
    """temp.placed: the facts of sums once for the whole store, and for each rollout with the arm of the span that
    covers them; and, for every frozen reference (purpose "above..."), the share of values above it."""
    parts = [f"SELECT '' AS rollout, 0 AS epoch, 0 AS inclusion, '{WHOLE_STORE_ARM}' AS arm, NULL::UTINYINT AS bucket, "
             f"{FACT} FROM fact AS f WHERE feeds = '{SUM}'"]
    parts += [f"SELECT {quoted(joined.rollout)}, coalesce(s.epoch, 0), coalesce(s.inclusion, 0), "
              f"coalesce(s.arm, 'unattributed'), s.bucket, {FACT} FROM fact AS f "
              f"LEFT JOIN (SELECT * FROM seen_span WHERE rollout = {quoted(joined.rollout)}) AS s "
              f"ON s.subject_key = f.{joined.slot} AND f.occurred_at >= s.from_at AND f.occurred_at < s.to_at "
              f"WHERE f.feeds = '{SUM}' AND f.{joined.slot} IS NOT NULL" for joined in rollouts]
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE placed AS {' UNION ALL '.join(parts)}")
    cursor.execute(
        "INSERT INTO placed SELECT p.* REPLACE (f.purpose || ':' || p.metric AS metric, (p.x > f.value)::BIGINT AS x, "
        "FALSE AS binned) FROM placed AS p JOIN frozen_value AS f ON f.rollout = p.rollout AND f.metric = p.metric "
        "AND f.purpose LIKE 'above%' AND p.occurred_at >= f.from_at")


LARGEST = 2**63 - 1
HOUR_SUMS = ("sum(d)::BIGINT AS n, sum(weight_milli * d)::BIGINT AS w, sum(x)::HUGEINT AS s, "
             "sum(x::HUGEINT * x)::HUGEINT AS ss, min(x)::BIGINT AS mn, max(x)::BIGINT AS mx")


def _insert_hours(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(f"INSERT INTO agg_hour SELECT rollout, date_trunc('hour', occurred_at), epoch, inclusion, arm, "
                   f"flag, metric, {HOUR_SUMS} FROM placed GROUP BY ALL ORDER BY 1, 2")


def _insert_buckets(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        f"INSERT INTO agg_bucket SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, metric, bucket, "
        f"sum(d)::BIGINT, sum(x)::HUGEINT, sum(least(x, cap))::HUGEINT, sum(least(x, cap)::HUGEINT * least(x, cap))"
        f"::HUGEINT FROM (SELECT p.*, coalesce(f.value, {LARGEST}) AS cap FROM placed AS p LEFT JOIN frozen_value AS f "
        f"ON f.rollout = p.rollout AND f.metric = p.metric AND f.purpose = 'cap' AND p.occurred_at >= f.from_at "
        f"WHERE p.bucketed AND p.arm IN ({COMPARED})) GROUP BY ALL")


def _insert_histograms(cursor: duckdb.DuckDBPyConnection) -> None:
    """Of everything, and of the parts of which most was measured on their day."""
    counts = f"{bin_sql('x')}, count(*)"
    cursor.execute(f"INSERT INTO hist_day SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, metric, '', "
                   f"{counts} FROM placed WHERE binned GROUP BY ALL")
    cursor.execute(
        f"INSERT INTO hist_day WITH part AS (SELECT *, occurred_at::DATE AS day, split_part(metric, ':', 1) AS sort, "
        f"unnest([part1, part2]) AS slice FROM placed WHERE binned AND arm IN ({COMPARED}, '{WHOLE_STORE_ARM}')), "
        f"top AS (SELECT day, sort, slice FROM part WHERE rollout = '' AND slice IS NOT NULL GROUP BY day, sort, slice "
        f"QUALIFY row_number() OVER (PARTITION BY day, sort, split_part(slice, ':', 1) "
        f"ORDER BY count(*) DESC, slice) <= {TOP_SLICES}) "
        f"SELECT rollout, day, epoch, inclusion, arm, metric, slice, {counts} FROM part SEMI JOIN top "
        f"USING (day, sort, slice) GROUP BY ALL")


def _insert_ratings(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined], stretch: Stretch) -> None:
    """What was answered, with its scale: more than a fact says."""
    spans = "(SELECT * FROM seen_span WHERE rollout = {})"
    parts = [whole_store_sql("counted"), *(
        attributed_sql(joined.rollout, joined.slot, "counted", spans.format(quoted(joined.rollout)))
        for joined in rollouts)]
    cursor.execute(
        f"INSERT INTO rating_day WITH counted AS MATERIALIZED ({counted_sql(Kind.FEEDBACK, stretch)}) "
        f"SELECT rollout, occurred_at::DATE, epoch, inclusion, arm, "
        f"CASE WHEN name = 'nps' THEN 'nps' ELSE 'satisfaction' END, low, high, round(value / 1000000)::INTEGER, "
        f"count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY ALL")


def fitting(total: str) -> str:
    """SQL of a sum as BIGINT, at its ends where it is beyond them: one subject's sum must not keep a day from closing.
    """
    return f"greatest(least({total}, {LARGEST}), -{LARGEST})::BIGINT"


def _insert_subject_days(cursor: duckdb.DuckDBPyConnection) -> None:
    for unit, slot in cursor.execute("SELECT unit, slot FROM unit_slot").fetchall():
        cursor.execute(
            f"INSERT INTO subject_day SELECT {quoted(unit)}, {SLOTS[slot]}, occurred_at::DATE, metric, flag, "
            f"sum(d)::BIGINT, {fitting('sum(x)')}, min(occurred_at) FROM fact "
            f"WHERE feeds = '{DEED}' AND {SLOTS[slot]} IS NOT NULL GROUP BY ALL")


def _insert_firsts(cursor: duckdb.DuckDBPyConnection, rollouts: Sequence[Joined]) -> None:
    """subject_first: the first event of a sort per subject and epoch, after its exposure, in a compared arm. What lies
    before the stretch stays: who had one there has none in it."""
    for joined in rollouts:
        rollout = quoted(joined.rollout)
        cursor.execute(
            f"INSERT INTO subject_first SELECT {rollout}, s.epoch, s.subject_key, e.metric, arg_min(s.inclusion, "
            f"e.occurred_at), arg_min(s.arm, e.occurred_at), min(e.occurred_at), arg_min(e.x, e.occurred_at) "
            f"FROM fact AS e JOIN seen_span AS s ON s.rollout = {rollout} AND s.subject_key = e.{joined.slot} "
            f"AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at AND s.arm IN ({COMPARED}) "
            f"WHERE e.feeds = '{FIRST}' AND NOT EXISTS (SELECT 1 FROM subject_first AS f WHERE f.rollout = {rollout} "
            f"AND f.metric = e.metric AND f.epoch = s.epoch AND f.subject_key = s.subject_key) "
            f"GROUP BY s.epoch, s.subject_key, e.metric")


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
