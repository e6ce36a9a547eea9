"""Answers ExposureCohorts and Retention: what people do after their first exposure. Closed windows only.

Who is exposed comes from `arm_span`, what they do from `subject_day`; days that are settled are counted once
(day_parts.py). A use counts from 5 minutes before the exposure on, since the clocks of two senders differ.
read_adoption.py answers AdoptionAtAge from the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import COMPARED_ARMS, ExposureCohorts, Retention, Rows
from rollout_core.storage.day_parts import ONE_DAY, Part, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

CLOCKS_DIFFER = "INTERVAL 5 MINUTE"
USE = "feature_use"
USES = f"kind = '{USE}'"
MICROSECOND = timedelta(microseconds=1)
WHOLE = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""Stands for a question's own window and instant in the key of a part, which names its own."""


def cohorts(reader: Reader, question: ExposureCohorts) -> Rows:
    """Weekly cohorts by first exposure and how many of each tried it within 1, 2, ... weeks."""
    window = question.window
    over = "c.week + INTERVAL 7 DAY + k.weeks * INTERVAL 7 DAY"
    flags = question.flags if question.flag is None else (question.flag,)
    narrowed = f" AND u.what IN ({listed(flags)})" if flags else ""
    return reader.rows(
        f"WITH first AS ({_first(question)}), "
        f"cohort AS (SELECT subject_key, seen_at, date_trunc('week', seen_at)::DATE AS week FROM first "
        f"WHERE seen_at >= {literal(window.since_at)} AND seen_at < {literal(window.until_at)}), "
        f"tried AS (SELECT c.subject_key, c.week, min(u.first_at) - c.seen_at AS after FROM cohort AS c "
        f"JOIN subject_day AS u ON u.subject_key = c.subject_key AND {USES}{narrowed} AND {of_unit(question.rollout)} "
        f"AND u.first_at >= c.seen_at - {CLOCKS_DIFFER} GROUP BY c.subject_key, c.week, c.seen_at), "
        f"sizes AS (SELECT week, count(*) AS exposed FROM cohort GROUP BY ALL) "
        f"SELECT c.week, c.exposed, k.weeks::INTEGER AS weeks, "
        f"(SELECT count(*) FROM tried AS t WHERE t.week = c.week AND t.after < k.weeks * INTERVAL 7 DAY) AS tried "
        f"FROM sizes AS c, range(1, {int(question.weeks) + 1}) AS k(weeks) WHERE {over} <= {literal(question.now)} "
        f"ORDER BY 1, 3")


def _first(question: ExposureCohorts) -> str:
    if question.flag is None:
        return first_exposure(question.rollout, (question.arm,))
    return first_exposure_to(question.flag, question.rollout, (question.arm,))


def retention(reader: Reader, question: Retention) -> Rows:
    """At risk and active on day N (or within N days) after the first day, by arm and stratum of the first exposure."""
    columns = ("arm", "epoch", "inclusion", "day_n", "at_risk", "active")
    window, today = question.exposed_in, question.now.date()
    if question.rollout is None:
        rows = [row[1:] for row in _retained(reader, question, window.since_at, window.until_at, question.days)]
        return Rows(columns, added(rows, 4), reader.closed_until_at)
    asked = replace(question, exposed_in=WHOLE, now=WHOLE.until_at)
    ripe = {day: tuple(sorted({number for number in question.days if day + ONE_DAY * number < today}))
            for day in days_between(first_day(reader, question.rollout, window), last_day(window))}
    parts = [Part(day, day, day + ONE_DAY * max(known), run=known, key=(
        asked, known, max(window.since_at, midnight(day)), min(window.until_at, midnight(day + ONE_DAY))))
        for day, known in ripe.items() if known]
    rows = reader.put_together(parts, lambda run: _retained(
        reader, question, max(window.since_at, midnight(run[0].day)),
        min(window.until_at, midnight(run[-1].day + ONE_DAY)), ripe[run[0].day]))
    return Rows(columns, added(rows, 4), reader.closed_until_at)


def _retained(reader: Reader, question: Retention, since_at: datetime, until_at: datetime,
              days_after: Sequence[int]) -> Rows:
    """The same of those first seen in a stretch of time, their first day in front."""
    unit = of_unit(question.rollout) if question.rollout is not None else f"unit = {quoted(question.unit or '')}"
    first = (first_exposure(question.rollout, since_at=since_at, until_at=until_at)
             if question.rollout is not None else
             f"SELECT subject_key, 'all' AS arm, 0 AS epoch, 0 AS inclusion, min(first_at) AS seen_at FROM subject_day "
             f"WHERE {unit} AND kind IN ({listed(question.kinds)}) GROUP BY subject_key")
    hit = "a.gap BETWEEN 1 AND d.day_n" if question.within else "a.gap = d.day_n"
    days = ", ".join(str(int(day)) for day in days_after)
    latest = f"DATE '{until_at.date()}' + {int(max(days_after))}"
    return reader.rows(
        f"WITH first AS ({first}), cohort AS (SELECT *, seen_at::DATE AS day0 FROM first "
        f"WHERE seen_at >= {literal(since_at)} AND seen_at < {literal(until_at)}), "
        f"days AS (SELECT unnest([{days}]) AS day_n), "
        f"acts AS (SELECT DISTINCT c.subject_key, c.arm, u.day - c.day0 AS gap FROM cohort AS c "
        f"JOIN subject_day AS u ON u.subject_key = c.subject_key AND u.day > c.day0 "
        f"WHERE {unit.replace('unit', 'u.unit', 1)} AND u.kind IN ({listed(question.kinds)}) "
        f"AND u.day > {literal(since_at)}::DATE AND u.day <= {latest}), "
        f"active AS (SELECT DISTINCT d.day_n, a.subject_key, a.arm FROM days AS d JOIN acts AS a ON {hit}) "
        f"SELECT c.day0, c.arm, c.epoch, c.inclusion, d.day_n::INTEGER AS day_n, count(*) AS at_risk, "
        f"count(a.subject_key) AS active FROM cohort AS c JOIN days AS d "
        f"ON c.day0 + d.day_n::INTEGER < {literal(question.now)}::DATE LEFT JOIN active AS a "
        f"ON a.day_n = d.day_n AND a.subject_key = c.subject_key AND a.arm = c.arm GROUP BY ALL")


def last_day(window: Window) -> date:
    """The day on which a window ends."""
    return (window.until_at - MICROSECOND).date()


def first_day(reader: Reader, rollout: str, window: Window) -> date:
    """The first day of the window on which anybody can have entered: years before the first have no parts."""
    def first(condition: str) -> datetime | None:
        at: datetime | None = reader.rows(f"SELECT min(from_at) AS at FROM arm_span WHERE rollout = {quoted(rollout)} "
                                          f"AND {condition}").rows[0][0]
        return at

    today = reader.today or date.max
    found = reader.once(("first entry", rollout), lambda: reader.settled(
        ("first entry", rollout), lambda: first(f"from_at < DATE '{today}'")) or first(f"from_at >= DATE '{today}'"))
    return max(window.since_at.date(), window.until_at.date() if found is None else found.date())


def midnight(day: date) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), UTC)


def first_exposure(rollout: str, arms: tuple[str, ...] = COMPARED_ARMS, *, since_at: datetime | None = None,
                   until_at: datetime | None = None) -> str:
    """SELECT subject_key, arm, epoch, inclusion, seen_at: each subject's first stretch in each arm, ever. With a
    stretch of time: at least of those whose first one began in it."""
    spans = f"FROM arm_span WHERE rollout = {quoted(rollout)} AND arm IN ({listed(arms)})"
    within = "" if since_at is None or until_at is None else (
        f" AND from_at < {literal(until_at)} AND subject_key IN (SELECT subject_key {spans} "
        f"AND from_at >= {literal(since_at)} AND from_at < {literal(until_at)})")
    return (f"SELECT subject_key, arm, arg_min(epoch, from_at) AS epoch, arg_min(inclusion, from_at) AS inclusion, "
            f"min(from_at) AS seen_at {spans}{within} GROUP BY subject_key, arm")


def first_exposure_to(flag: str, rollout: str, arms: tuple[str, ...] = COMPARED_ARMS) -> str:
    """The same, counted from the first exposure to one flag within a stretch."""
    return (f"SELECT s.subject_key, s.arm, arg_min(s.epoch, e.first_at) AS epoch, "
            f"arg_min(s.inclusion, e.first_at) AS inclusion, min(e.first_at) AS seen_at FROM arm_span AS s "
            f"JOIN subject_day AS e ON e.subject_key = s.subject_key AND e.unit = s.unit AND e.kind = 'exposure' "
            f"AND e.what = {quoted(flag)} AND e.first_at >= s.from_at AND e.first_at < s.to_at "
            f"WHERE s.rollout = {quoted(rollout)} AND s.arm IN ({listed(arms)}) GROUP BY s.subject_key, s.arm")


def of_unit(rollout: str) -> str:
    """Condition: the row of subject_day is of the rollout's unit."""
    return f"unit = (SELECT unit FROM rollout_mirror WHERE rollout = {quoted(rollout)})"
