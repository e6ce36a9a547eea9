"""subject_first: the first event of a sort per subject and epoch, after its exposure, in a compared arm.

Rebuilt from an instant on: what lies before stays, everything after is found anew. So it is exact after late events
too, and cheap in the steady state, where only the present day is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from rollout_core.storage.accumulations import FIRSTS, First
from rollout_core.storage.window_rollups import COMPARED, Joined
from rollout_core.storage.window_sources import Stretch, counted_sql, quoted


def rebuild_firsts(cursor: duckdb.DuckDBPyConnection, stretch: Stretch, rollouts: Sequence[Joined]) -> None:
    """Finds the firsts of [since, until) anew; `until` is the watermark, so nothing later exists."""
    cursor.execute("DELETE FROM subject_first WHERE first_at >= ?", [stretch.since])
    for source in dict.fromkeys(first.source for first in FIRSTS):
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {counted_sql(source, stretch)}")
        if not cursor.execute("SELECT 1 FROM counted LIMIT 1").fetchall():
            continue
        for joined in rollouts:
            for first in FIRSTS:
                if first.source == source:
                    cursor.execute(_insert_sql(first, joined))
    cursor.execute("DROP TABLE IF EXISTS temp.counted")


def _insert_sql(first: First, joined: Joined) -> str:
    rollout, metric = quoted(joined.rollout), quoted(first.metric)
    return (
        f"INSERT INTO subject_first SELECT {rollout}, s.epoch, s.subject_key, {metric}, arg_min(s.inclusion, "
        f"e.occurred_at), arg_min(s.arm, e.occurred_at), min(e.occurred_at), arg_min({first.value}, e.occurred_at) "
        f"FROM counted AS e JOIN arm_span AS s ON s.rollout = {rollout} AND s.subject_key = e.{joined.slot} "
        f"AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at AND s.arm IN ({COMPARED}) "
        f"WHERE {first.where} AND NOT EXISTS (SELECT 1 FROM subject_first AS f WHERE f.rollout = {rollout} "
        f"AND f.metric = {metric} AND f.epoch = s.epoch AND f.subject_key = s.subject_key) "
        f"GROUP BY s.epoch, s.subject_key")
