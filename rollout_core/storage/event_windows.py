"""Closing windows: spans from new exposures, then the rollups of every day that a due window or a late event touches.

A window of 5 minutes closes when the longest lateness of any rollout has passed. Everything before the watermark is in
the rollups; pages read raw events from there on. Repeating a pass changes nothing; a killed pass repeats what it had
not committed, since the watermark moves in the same transaction as the days it stands for. A day that cannot be rebuilt
is put aside (days_aside.py) and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

import duckdb

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_store import Closed
from rollout_core.storage.day_parts import stamp_days
from rollout_core.storage.days_aside import days_aside, put_aside, rests, take_back
from rollout_core.storage.event_database import EventDatabase
from rollout_core.storage.event_retention import raw_since
from rollout_core.storage.event_spans import absorb_exposures
from rollout_core.storage.event_tables import event_table
from rollout_core.storage.event_tail import follow_tail
from rollout_core.storage.event_writer import EventWriter
from rollout_core.storage.window_rollups import rebuild_days
from rollout_core.storage.window_sources import AROUND, BEGINNING, Stretch

WINDOW = timedelta(minutes=5)
DEFAULT_LATENESS = timedelta(minutes=2)
DAYS_AT_ONCE = 7
MOST_DAYS_AT_ONCE = 28
EVENTS_AT_ONCE = 250_000
"""A run of days costs about 0.2 CPU s however little is in it, so that small days share a run: up to a week always, up
to four weeks while they hold no more events than this, which bounds what one transaction sorts."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """What a pass has to do, in naive UTC: the watermark before, the one to reach, and the days to rebuild."""

    before: datetime | None
    until: datetime
    days: tuple[date, ...]


def window_end(now: datetime, lateness: timedelta) -> datetime:
    """The end of the newest window that is due at `now`, naive UTC."""
    ripe = (now - lateness).astimezone(UTC).replace(tzinfo=None)
    return ripe - (ripe - BEGINNING) % WINDOW


def close_windows(database: EventDatabase, writer: EventWriter, now: datetime, days: int, *,
                  follow: bool = True) -> Closed:
    """One pass; at most `days` days are rebuilt. The watermark never goes back, whatever the clock says. `follow`
    False leaves the live tail to `arm_span`: for stores that nobody looks at live."""
    with database.cursor() as cursor:
        before = watermark(cursor)
        until = max(window_end(now, _lateness(cursor)), before or BEGINNING)
    writer.move_counted_until(until.replace(tzinfo=UTC))
    with database.transaction() as cursor:
        spans = absorb_exposures(cursor, before)
        if follow:
            follow_tail(cursor, until)
        _mark_followed(cursor, before, until)
    with database.cursor() as cursor:
        due = _due(cursor, before, until, now)
    done = due.days[:days]
    with database.cursor() as cursor:
        events = _events_a_day(cursor, done)
    failed = tuple(day for chunk in chunks(done, events) for day in _rebuild_apart(database, chunk, until, now))
    if len(done) == len(due.days):
        with database.transaction() as cursor:
            _close_as_far(cursor, until)
    return Closed(_aware(until), spans, len(done) - len(failed), len(due.days) - len(done), failed)


def watermark(cursor: duckdb.DuckDBPyConnection) -> datetime | None:
    """Everything before this instant (naive UTC) is in the rollups; None before the first pass."""
    rows = cursor.execute("SELECT reached_at FROM watermark WHERE name = 'windows'").fetchall()
    return rows[0][0] if rows else None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _lateness(cursor: duckdb.DuckDBPyConnection) -> timedelta:
    seconds = cursor.execute("SELECT max(lateness_s) FROM rollout_mirror").fetchall()[0][0]
    return DEFAULT_LATENESS if seconds is None else timedelta(seconds=seconds)


def _due(cursor: duckdb.DuckDBPyConnection, before: datetime | None, until: datetime, now: datetime) -> Due:
    """Dirty days, days with events between the old watermark and the new one, and those put aside whose pause is over.
    Oldest first."""
    new = _days_with_events(cursor, before or BEGINNING, until)
    dirty = {day for day, in cursor.execute(
        "SELECT DISTINCT hour::DATE FROM dirty_hour WHERE hour < ?", [until]).fetchall()}
    aside = days_aside(cursor)
    wanted = (new | dirty | {each.day for each in aside}) - {each.day for each in aside if rests(each, now)}
    complete_from = raw_since(cursor) or date.min
    return Due(before, until, tuple(sorted(day for day in wanted if day >= complete_from)))


def _days_with_events(cursor: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> set[date]:
    """The days on which anything happened in [since, until)."""
    if until <= since:
        return set()
    if since.date() == (until - timedelta(microseconds=1)).date():     # the usual pass: one event of any kind will do
        some = (f"SELECT 1 FROM {event_table(kind)} WHERE occurred_at >= ? AND occurred_at < ? LIMIT 1"
                for kind in Kind)
        return {since.date()} if any(cursor.execute(each, [since, until]).fetchall() for each in some) else set()
    found = cursor.execute(" UNION ".join(
        f"SELECT DISTINCT occurred_at::DATE AS day FROM {event_table(kind)} "
        f"WHERE occurred_at >= ? AND occurred_at < ?" for kind in Kind), [since, until] * len(Kind)).fetchall()
    return {day for day, in found}


def _mark_followed(cursor: duckdb.DuckDBPyConnection, before: datetime | None, until: datetime) -> None:
    """A new report may change an older day: an error its session, a vital its page load or an earlier report of itself.

    Within a day the rebuild sees to it; here days before that of the watermark are marked, up to 6 h back.
    """
    if before is None or until <= before:
        return
    midnight = datetime.combine(before.date(), clock_time())
    if before - AROUND >= midnight:
        return
    pairs = (("event_error", "event_session", "session_key"), ("event_session", "event_session", "session_key"),
             ("event_web_vital", "event_web_vital", "load_key"), ("event_web_vital", "event_web_vital", "metric_id"))
    for newer, older, key in pairs:
        cursor.execute(
            f"INSERT INTO dirty_hour SELECT DISTINCT date_trunc('hour', o.occurred_at) FROM {older} AS o "
            f"SEMI JOIN (SELECT {key} FROM {newer} WHERE occurred_at >= ? AND occurred_at < ? AND {key} IS NOT NULL) "
            f"AS n USING ({key}) WHERE o.occurred_at >= ? AND o.occurred_at < ?",
            [before, until, before - AROUND, midnight])


def _events_a_day(cursor: duckdb.DuckDBPyConnection, days: Sequence[date]) -> dict[date, int]:
    """How many events lie in each day; not asked where all the days make one run anyway."""
    if len(days) <= DAYS_AT_ONCE:
        return {}
    counts = " UNION ALL ".join(
        f"SELECT occurred_at::DATE AS day, count(*) AS n FROM {event_table(kind)} "
        f"WHERE occurred_at >= ?::DATE AND occurred_at < ?::DATE + 1 GROUP BY 1" for kind in Kind)
    found = cursor.execute(f"SELECT day, sum(n)::BIGINT FROM ({counts}) GROUP BY 1", [days[0], days[-1]] * len(Kind))
    return dict(found.fetchall())


def chunks(days: Iterable[date], events: Mapping[date, int]) -> Iterator[tuple[date, date]]:
    """Runs of neighbouring days as (first, last): at most a week each, or four while they hold few `events` (known per
    day; those of a week need not be)."""
    run: list[date] = []
    for day in days:
        small = len(run) < MOST_DAYS_AT_ONCE and sum(events.get(each, 0) for each in (*run, day)) <= EVENTS_AT_ONCE
        if run and (day - run[-1] > ONE_DAY or (len(run) >= DAYS_AT_ONCE and not small)):
            yield run[0], run[-1]
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1]


def _rebuild_apart(database: EventDatabase, chunk: tuple[date, date], until: datetime, now: datetime) -> list[date]:
    """Rebuilds a run of days in one transaction, or day by day where that fails; answers the days put aside.

    What concerns the whole store (a full disk, a file that cannot be read) is raised as StoreError, not put aside.
    """
    first, last = chunk
    try:
        with database.transaction() as cursor:
            _rebuild(cursor, chunk, until)
        return []
    except duckdb.Error as error:
        if first == last:
            with database.transaction() as cursor:
                put_aside(cursor, first, now, str(error))
            return [first]
    each = (first + ONE_DAY * place for place in range((last - first).days + 1))
    return [failed for day in each for failed in _rebuild_apart(database, (day, day), until, now)]


def _rebuild(cursor: duckdb.DuckDBPyConnection, chunk: tuple[date, date], until: datetime) -> None:
    """Days [first, last] as far as `until`; the watermark follows when they reach beyond it."""
    since = datetime.combine(chunk[0], clock_time())
    end = min(datetime.combine(chunk[1] + ONE_DAY, clock_time()), until)
    rebuild_days(cursor, Stretch(since, end, until), Stretch(since, max(end, watermark(cursor) or end), until))
    cursor.execute("DELETE FROM dirty_hour WHERE hour >= ? AND hour < ?", [since, end])
    take_back(cursor, *chunk)
    stamp_days(cursor, *chunk)
    if end > (watermark(cursor) or BEGINNING):
        _set_watermark(cursor, end)


def _close_as_far(cursor: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """Moves the watermark to `until`, unless the day that it lies in is put aside: its events stay in the live tail."""
    present = (until - timedelta(microseconds=1)).date()
    if present not in {each.day for each in days_aside(cursor)}:
        _set_watermark(cursor, until)


def _set_watermark(cursor: duckdb.DuckDBPyConnection, until: datetime) -> None:
    cursor.execute("DELETE FROM watermark WHERE name = 'windows'")
    cursor.execute("INSERT INTO watermark VALUES ('windows', ?, NULL)", [until])
