"""Days that could not be rebuilt: put aside so that the others go on, named by doctor, tried again with growing pauses.

Their rollups stay as they were before the attempt. A day is taken back by the first attempt that succeeds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb

from rollout_core.ports.event_store import DayAside
from rollout_core.storage.event_insert import naive_utc

FIRST_PAUSE = timedelta(minutes=1)
"""Until the second attempt; each further pause is twice as long."""
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_REASON = 500
"""Characters of the reason that are kept."""


def put_aside(cursor: duckdb.DuckDBPyConnection, day: date, now: datetime, why: str) -> None:
    """Notes a failed attempt at a day."""
    tries = cursor.execute("SELECT coalesce(max(tries), 0) FROM day_aside WHERE day = ?", [day]).fetchall()[0][0]
    take_back(cursor, day, day)
    cursor.execute("INSERT INTO day_aside VALUES (?, ?, ?, ?)",
                   [day, naive_utc(now), tries + 1, why[:LONGEST_REASON]])


def take_back(cursor: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """These days, both included, are as they should be."""
    cursor.execute("DELETE FROM day_aside WHERE day BETWEEN ? AND ?", [first, last])


def days_aside(cursor: duckdb.DuckDBPyConnection) -> tuple[DayAside, ...]:
    """All of them, oldest first."""
    rows = cursor.execute("SELECT day, failed_at, tries, why FROM day_aside ORDER BY day").fetchall()
    return tuple(DayAside(day, failed_at.replace(tzinfo=UTC), tries, why) for day, failed_at, tries, why in rows)


def pause_after(tries: int) -> timedelta:
    """How long a day rests after so many failed attempts: 1, 2, 4, ... minutes, an hour at most."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(tries - 1, 10)))


def rests(aside: DayAside, now: datetime) -> bool:
    """True while the day is not tried again. A clock that was set back does not make it wait longer than its pause."""
    return abs(now - aside.failed_at) < pause_after(aside.tries)
