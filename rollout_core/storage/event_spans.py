"""Exposures -> arm_span: who stood on which side from when to when.

A stretch begins with the first exposure that says something new (epoch, inclusion, arm) and ends with the next one or
with its epoch. Only believed exposures count. Within an epoch: two arms make all of it `mixed`; from the first
override on it is `overridden`. Everything runs in the caller's transaction.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from rollout_core.storage.event_tail import renew_tail
from rollout_core.storage.window_sources import LAST_INSTANT

BELIEVED = ("trusted AND epoch IS NOT NULL AND (arm IN ('treatment', 'control', 'holdout', 'former') "
            "OR reason IN ('subject_override', 'environment_override'))")
RECORDED = "CASE WHEN reason IN ('subject_override', 'environment_override') THEN 'overridden' ELSE arm END"
_NEWCOMER = f"""
CREATE OR REPLACE TEMP TABLE newcomer AS
SELECT rollout, unit, subject_key, occurred_at AS from_at, {RECORDED} AS recorded_arm, epoch, inclusion, phase, variant,
       cluster_bucket AS bucket
FROM event_exposure WHERE batch > ? AND {BELIEVED}"""
_UNFOLLOWED = """
CREATE OR REPLACE TEMP TABLE unfollowed AS
SELECT n.* FROM newcomer AS n WHERE NOT EXISTS (
    SELECT 1 FROM tail_span AS s WHERE s.rollout = n.rollout AND s.subject_key = n.subject_key AND s.epoch = n.epoch
    AND s.inclusion = n.inclusion AND s.arm = n.recorded_arm AND s.arm <> 'overridden'
    AND n.from_at >= s.from_at AND n.from_at < s.to_at)"""
_NOVEL = """
CREATE OR REPLACE TEMP TABLE novel AS
SELECT DISTINCT n.rollout, n.subject_key FROM unfollowed AS n WHERE NOT EXISTS (
    SELECT 1 FROM arm_span AS s WHERE s.rollout = n.rollout AND s.subject_key = n.subject_key AND s.epoch = n.epoch
    AND s.inclusion = n.inclusion AND s.recorded_arm = n.recorded_arm
    AND n.from_at >= s.from_at AND n.from_at < s.to_at)"""
_POINT_COLUMNS = "rollout, unit, subject_key, from_at, recorded_arm, epoch, inclusion, phase, variant, bucket"
_STRETCHES = f"""
CREATE OR REPLACE TEMP TABLE stretch AS
WITH point AS (
    SELECT {_POINT_COLUMNS} FROM arm_span SEMI JOIN novel USING (rollout, subject_key)
    UNION ALL SELECT {_POINT_COLUMNS} FROM newcomer SEMI JOIN novel USING (rollout, subject_key)),
change AS (
    SELECT * FROM point
    QUALIFY row(epoch, inclusion, recorded_arm) IS DISTINCT FROM lag(row(epoch, inclusion, recorded_arm)) OVER (
        PARTITION BY rollout, subject_key ORDER BY from_at, epoch, recorded_arm)),
judged AS (
    SELECT change.*, lead(from_at) OVER subject AS next_at,
        min(recorded_arm) FILTER (recorded_arm IN ('treatment', 'control', 'holdout')) OVER whole
            <> max(recorded_arm) FILTER (recorded_arm IN ('treatment', 'control', 'holdout')) OVER whole AS mixed,
        bool_or(recorded_arm = 'overridden') OVER so_far AS overridden,
        row_number() OVER so_far = 1 AS entered
    FROM change WINDOW subject AS (PARTITION BY rollout, subject_key ORDER BY from_at, epoch, recorded_arm),
        whole AS (PARTITION BY rollout, subject_key, epoch),
        so_far AS (PARTITION BY rollout, subject_key, epoch ORDER BY from_at, recorded_arm
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
SELECT j.rollout, unit, subject_key, from_at,
    least(coalesce(next_at, {LAST_INSTANT}), coalesce(e.ended_at, {LAST_INSTANT})) AS to_at,
    CASE WHEN overridden THEN 'overridden' WHEN mixed AND recorded_arm <> 'former' THEN 'mixed' ELSE recorded_arm END
        AS arm, j.epoch, inclusion, j.phase, variant, recorded_arm, bucket, entered
FROM judged AS j LEFT JOIN epoch_mirror AS e ON e.rollout = j.rollout AND e.epoch = j.epoch"""
_DIFFERENCE = """
SELECT coalesce(n.rollout, o.rollout) AS rollout, coalesce(n.unit, o.unit) AS unit,
    coalesce(n.subject_key, o.subject_key) AS subject_key,
    min(CASE WHEN n.from_at IS NULL OR o.from_at IS NULL THEN coalesce(n.from_at, o.from_at)
             ELSE least(n.to_at, o.to_at) END) AS changed_from
FROM (SELECT * FROM stretch WHERE to_at > from_at) AS n
FULL JOIN (SELECT * FROM arm_span SEMI JOIN novel USING (rollout, subject_key)) AS o
    ON o.rollout = n.rollout AND o.subject_key = n.subject_key AND o.from_at = n.from_at AND o.arm = n.arm
    AND o.epoch = n.epoch AND o.inclusion = n.inclusion
WHERE n.to_at IS DISTINCT FROM o.to_at GROUP BY ALL"""


def absorb_exposures(cursor: duckdb.DuckDBPyConnection, counted_until: datetime | None) -> int:
    """Works the exposures in that came since the last time; answers how many subjects changed.

    Days before `counted_until` (naive UTC) on which a changed subject did anything become dirty.
    """
    done = cursor.execute("SELECT batch FROM watermark WHERE name = 'spans'").fetchall()
    since = done[0][0] if done else 0
    newest = cursor.execute("SELECT coalesce(max(batch), 0) FROM batch_token").fetchall()[0][0]
    if newest <= since:
        return 0
    cursor.execute(_NEWCOMER, [since])
    changed = _novel(cursor)
    if changed:
        cursor.execute(_STRETCHES)
        if counted_until is not None:
            _mark_changed_days(cursor, counted_until)
        cursor.execute("DELETE FROM arm_span USING novel WHERE arm_span.rollout = novel.rollout "
                       "AND arm_span.subject_key = novel.subject_key")
        cursor.execute("INSERT INTO arm_span SELECT * FROM stretch WHERE to_at > from_at ORDER BY from_at")
        renew_tail(cursor)
    cursor.execute("DELETE FROM watermark WHERE name = 'spans'")
    cursor.execute("INSERT INTO watermark VALUES ('spans', NULL, ?)", [newest])
    for name in ("newcomer", "unfollowed", "novel", "stretch"):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return changed


def _novel(cursor: duckdb.DuckDBPyConnection) -> int:
    """Makes temp.novel, the subjects of whom an exposure says something new; how many.

    Most exposures are of people whose spans are followed and say nothing new: then `arm_span`, which holds everybody,
    is not read. An override that is followed may stand over a span that was recorded otherwise, so it is looked up.
    """
    cursor.execute(_UNFOLLOWED)
    if not cursor.execute("SELECT 1 FROM unfollowed LIMIT 1").fetchall():
        return 0
    cursor.execute(_NOVEL)
    found: int = cursor.execute("SELECT count(*) FROM novel").fetchall()[0][0]
    return found


def _mark_changed_days(cursor: duckdb.DuckDBPyConnection, counted_until: datetime) -> None:
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE changed AS SELECT * FROM ({_DIFFERENCE}) WHERE changed_from < ?",
                   [counted_until])
    cursor.execute(
        "INSERT INTO dirty_hour SELECT DISTINCT day::TIMESTAMP FROM (SELECT d.day FROM subject_day AS d JOIN changed "
        "AS c ON c.unit = d.unit AND c.subject_key = d.subject_key AND d.day >= c.changed_from::DATE UNION ALL "
        "SELECT changed_from::DATE FROM changed)")
    cursor.execute("DROP TABLE temp.changed")


def end_spans_with_epochs(cursor: duckdb.DuckDBPyConnection, counted_until: datetime | None) -> None:
    """Cuts spans where their epoch has ended since; closed hours after the cut become dirty."""
    outlived = ("FROM epoch_mirror AS e WHERE arm_span.rollout = e.rollout AND arm_span.epoch = e.epoch "
                "AND arm_span.to_at > e.ended_at")
    if counted_until is not None:
        cursor.execute(
            "INSERT INTO dirty_hour SELECT DISTINCT d.day::TIMESTAMP FROM arm_span AS s JOIN epoch_mirror AS e "
            "ON s.rollout = e.rollout AND s.epoch = e.epoch AND s.to_at > e.ended_at AND e.ended_at < ? "
            "JOIN subject_day AS d ON d.unit = s.unit AND d.subject_key = s.subject_key "
            "AND d.day BETWEEN e.ended_at::DATE AND least(s.to_at, ?)::DATE", [counted_until, counted_until])
    cursor.execute(f"UPDATE arm_span SET to_at = e.ended_at {outlived}")
    cursor.execute("DELETE FROM arm_span WHERE to_at <= from_at")
