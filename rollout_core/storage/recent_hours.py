"""hist_hour: log histograms by the hour, of the present day and the one before it.

Alerts and the pages of "the last hours" ask for percentiles of a part of a day, for which hist_day is too coarse; from
raw events that is a look at everything of these hours. So the rebuild of a day also keeps its histograms by the hour,
without slices, and lets go of older ones. The watermark "hours" says from when on they are complete: what begins before
it is read from raw events.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import duckdb

from rollout_core.storage.accumulations import bin_sql
from rollout_core.storage.event_insert import literal
from rollout_core.storage.window_sources import Stretch

ONE_DAY = timedelta(days=1)


def kept_from(stretch: Stretch) -> datetime:
    """The beginning of the day before the one that a pass reaches, naive UTC."""
    last = ((stretch.known_until or stretch.until) - timedelta(microseconds=1)).date()
    return datetime.combine(last, time()) - ONE_DAY


def insert_hours(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """Adds what temp.placed holds of the kept hours."""
    if stretch.until > kept_from(stretch):
        cursor.execute(f"INSERT INTO hist_hour SELECT rollout, date_trunc('hour', occurred_at), epoch, inclusion, arm, "
                       f"metric, {bin_sql('x')}, count(*) FROM placed WHERE binned "
                       f"AND occurred_at >= {literal(kept_from(stretch))} GROUP BY ALL")


def let_go_of_hours(cursor: duckdb.DuckDBPyConnection, stretch: Stretch) -> None:
    """Deletes older hours, and notes from when on all are here: after the first pass that reaches the present."""
    kept, known = kept_from(stretch), hours_since(cursor)
    if known is None and stretch.until != (stretch.known_until or stretch.until):
        return
    since = max(kept, stretch.since if known is None else known)
    if since != known:
        cursor.execute("DELETE FROM hist_hour WHERE hour < ?", [since])
        cursor.execute("DELETE FROM watermark WHERE name = 'hours'")
        cursor.execute("INSERT INTO watermark VALUES ('hours', ?, NULL)", [since])


def hours_since(cursor: duckdb.DuckDBPyConnection) -> datetime | None:
    """From when on hours are complete, naive UTC; None when they are not kept yet."""
    rows = cursor.execute("SELECT reached_at FROM watermark WHERE name = 'hours'").fetchall()
    return rows[0][0] if rows else None
