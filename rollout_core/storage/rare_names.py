"""Names that senders make up: of each hour the most frequent and those a plan knows stay, the others become "other".

The public write key lets anybody send any category, flag or name; without an end to them an hour could have as many
rows in the rollups as events. Raw events and what is known of single subjects keep the names as they were sent.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import msgspec

from rollout_core.metrics.event import Kind
from rollout_core.storage.accumulations import SESSION_CATEGORY
from rollout_core.storage.event_tables import event_table
from rollout_core.storage.window_sources import Stretch, quoted

KEPT_AN_HOUR = 50
"""So many names of a source keep a row of their own each hour, beside those that plans know."""
OTHER = "other"
OPEN_NAMES: Mapping[str, str] = {
    Kind.EXPOSURE.value: "flag", Kind.FEATURE_USE.value: "flag", Kind.ERROR.value: "category",
    SESSION_CATEGORY: "category", Kind.CONVERSION.value: "name", Kind.CUSTOM.value: "name"}
"""Source -> the column whose values are not from a closed set and stand in keys of rollups."""
CATEGORIES = ("javascript", "network", "api", "render", "validation", "timeout", "resource")
"""Error categories that are always kept."""


def known_names(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """What the plans of the mirrored rollouts call by name."""
    rows = cursor.execute("SELECT names FROM rollout_mirror WHERE names IS NOT NULL").fetchall()
    named = (msgspec.json.decode(names, type=list[str]) for names, in rows)
    return frozenset(CATEGORIES).union(*named)


def crowded(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> frozenset[str]:
    """The sources with more names in all of a stretch than an hour keeps: only there an hour can have too many."""
    counted = " UNION ALL ".join(
        f"SELECT '{source}' AS source, count(DISTINCT {column}) AS n FROM "
        f"{event_table(Kind.ERROR if source == SESSION_CATEGORY else source)} "
        f"WHERE {stretch.around() if source == SESSION_CATEGORY else stretch.sql()}"
        for source, column in OPEN_NAMES.items())
    found = cursor.execute(f"SELECT source FROM ({counted}) WHERE n > {KEPT_AN_HOUR}").fetchall()
    return frozenset(source for source, in found)


def gather_rare(cursor: duckdb.DuckDBPyConnection, source: str) -> None:
    """Renames the rare names in temp.counted, where an hour has more than are kept. A session with several rare
    categories has "other" once."""
    column = OPEN_NAMES.get(source)
    hour = "date_trunc('hour', occurred_at)"
    if column is None or not cursor.execute(
            f"SELECT 1 FROM counted WHERE {column} IS NOT NULL GROUP BY {hour} "
            f"HAVING count(DISTINCT {column}) > {KEPT_AN_HOUR} LIMIT 1").fetchall():
        return
    known = ", ".join(map(quoted, sorted(known_names(cursor))))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE kept_name AS SELECT {hour} AS hour, {column} AS label FROM counted "
        f"WHERE {column} IS NOT NULL GROUP BY 1, 2 QUALIFY {column} IN ({known}) OR row_number() OVER "
        f"(PARTITION BY {hour} ORDER BY {column} IN ({known}), count(*) DESC, {column}) <= {KEPT_AN_HOUR}")
    cursor.execute(f"UPDATE counted SET {column} = {quoted(OTHER)} WHERE {column} IS NOT NULL AND NOT EXISTS "
                   f"(SELECT 1 FROM kept_name AS k WHERE k.hour = date_trunc('hour', counted.occurred_at) "
                   f"AND k.label = counted.{column})")
    if source == SESSION_CATEGORY:
        cursor.execute("CREATE OR REPLACE TEMP TABLE counted AS SELECT DISTINCT * FROM counted")
    cursor.execute("DROP TABLE temp.kept_name")
