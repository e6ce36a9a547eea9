"""Answers AdoptionAtAge: who used it within an age of the first exposure, and again later. Closed windows only.

As read_people.py; of those who become known today most is settled, and the rest is read (ripening.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import ceil

from rollout_core.ports.event_questions import COMPARED_ARMS, AdoptionAtAge, Rows
from rollout_core.storage.columns import DAY, HOUR, NEVER, counts, micros
from rollout_core.storage.day_parts import ONE_DAY, Part, Row, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_people import (
    CLOCKS_DIFFER,
    MICROSECOND,
    USE,
    WHOLE,
    first_day,
    first_exposure,
    first_exposure_to,
    midnight,
    of_unit,
)
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.ripening import divided, done_today, people_of
from rollout_core.storage.running_sums import FIRST_DAY
from rollout_core.storage.window_sources import quoted


def adoption(reader: Reader, question: AdoptionAtAge) -> Rows:
    """Exposed, tried within the age, used again on a later day; by arm and stratum of the first exposure."""
    window, age = question.exposed_in, timedelta(hours=question.age_hours)
    known_until = min(window.until_at, question.now - age + MICROSECOND)
    reach = ONE_DAY * (ceil(question.age_hours / 24) + question.again_days)
    asked = _asked(question)
    parts = [
        Part(day, max(window.since_at.date(), day - ONE_DAY), day + reach,
             (asked, max(window.since_at, midnight(day)), min(known_until, midnight(day + ONE_DAY)),
              day == window.since_at.date()))
        for day in days_between(first_day(reader, question.rollout, window), (known_until - MICROSECOND).date())]
    rows = reader.put_together(parts, lambda run: _of_run(reader, question, run, reach))
    return Rows(("arm", "epoch", "inclusion", "exposed", "tried", "used_again"), added(rows, 3),
                reader.closed_until_at)


def _asked(question: AdoptionAtAge) -> AdoptionAtAge:
    return replace(question, exposed_in=WHOLE, now=WHOLE.until_at)


def _of_run(reader: Reader, question: AdoptionAtAge, run: Sequence[Part], reach: timedelta) -> Rows:
    """The same of those first exposed on some days in a row: day, arm, epoch, inclusion, exposed, tried, used_again."""
    cut = divided(run, None if question.flag is not None else reader.today)
    rows = [row for days in (cut.settled, cut.fresh) if days for row in _adopters(reader, question, days, reach)]
    for part in cut.ripening:
        rows += _ripened(reader, question, part, reach)
    return Rows((), rows)


def _adopters(reader: Reader, question: AdoptionAtAge, run: Sequence[Part], reach: timedelta) -> list[Row]:
    """The same, all of it read."""
    return reader.rows(
        f"{_tried_sql(question, run, reach)} SELECT c.seen_at::DATE AS day, c.arm, c.epoch, c.inclusion, "
        f"count(*) AS exposed, count(t.subject_key) AS tried, count(g.subject_key) AS used_again {JOINED} "
        f"WHERE c.seen_at + {_age(question)} <= {literal(question.now)} GROUP BY ALL").rows


def _ripened(reader: Reader, question: AdoptionAtAge, part: Part, reach: timedelta) -> list[Row]:
    """The same of a day whose people become known today."""
    unit, today = reader.unit_of(question.rollout), reader.today
    if unit is None or today is None:
        return _adopters(reader, question, [part], reach)
    people = people_of(reader, part, (_asked(question), *_stretch(question, [part]), part.first), today,
                       lambda: reader.arrays(
        f"{_tried_sql(question, [part], reach, today)} SELECT c.subject_key AS keys, epoch_us(c.seen_at) AS seen, "
        f"list_position([{listed(COMPARED_ARMS)}], c.arm) AS arm, c.epoch, c.inclusion, "
        f"coalesce(epoch_us(t.tried_at), {NEVER}) AS tried, (g.subject_key IS NOT NULL)::INTEGER AS again {JOINED}"))
    seen, tried = people["seen"], people["tried"]
    used = done_today(reader, unit, (USE,), question.flags, today).of(people["keys"])
    known_at = seen + question.age_hours * HOUR
    since_tried = (today - FIRST_DAY).days - tried // DAY
    again = (people["again"] == 1) | ((used < NEVER) & (since_tried > 0) & (since_tried <= question.again_days))
    ripe = known_at <= micros(question.now)
    rows = counts([people[name][ripe] for name in ("arm", "epoch", "inclusion")],
                  [((tried < NEVER) | (used < known_at))[ripe], again[ripe]])
    return [(part.day, COMPARED_ARMS[arm - 1], *rest) for arm, *rest in rows]


JOINED = ("FROM cohort AS c LEFT JOIN tried AS t ON t.subject_key = c.subject_key AND t.arm = c.arm "
          "LEFT JOIN again AS g ON g.subject_key = c.subject_key AND g.arm = c.arm")


def _age(question: AdoptionAtAge) -> str:
    return f"INTERVAL {int(question.age_hours)} HOUR"


def _stretch(question: AdoptionAtAge, run: Sequence[Part]) -> tuple[datetime, datetime]:
    window = question.exposed_in
    return max(window.since_at, midnight(run[0].day)), min(window.until_at, midnight(run[-1].day + ONE_DAY))


def _tried_sql(question: AdoptionAtAge, run: Sequence[Part], reach: timedelta, before: date | None = None) -> str:
    """WITH clause: `cohort`, `tried` and `again` of those first exposed on some days in a row; as far as the days
    before `before` tell."""
    flags = (question.flag,) if question.flag is not None else question.flags
    narrowed = f" AND what IN ({listed(flags)})" if flags else ""
    since_at, until_at = _stretch(question, run)
    first = (first_exposure(question.rollout, until_at=until_at, since_at=since_at) if question.flag is None else
             first_exposure_to(question.flag, question.rollout))
    last = run[-1].day + reach if before is None else min(before - ONE_DAY, run[-1].day + reach)
    return (
        f"WITH first AS ({first}), cohort AS (SELECT * FROM first WHERE seen_at >= {literal(since_at)} "
        f"AND seen_at < {literal(until_at)}), "
        f"uses AS (SELECT subject_key, day, min(first_at) AS first_at FROM subject_day "
        f"WHERE kind = {quoted(USE)}{narrowed} AND {of_unit(question.rollout)} AND day BETWEEN DATE '{run[0].first}' "
        f"AND DATE '{last}' AND subject_key IN (SELECT subject_key FROM cohort) GROUP BY ALL), "
        f"tried AS (SELECT c.subject_key, c.arm, min(u.first_at) AS tried_at FROM cohort AS c JOIN uses AS u "
        f"ON u.subject_key = c.subject_key AND u.first_at >= c.seen_at - {CLOCKS_DIFFER} "
        f"AND u.first_at < c.seen_at + {_age(question)} GROUP BY ALL), "
        f"again AS (SELECT DISTINCT t.subject_key, t.arm FROM tried AS t JOIN uses AS u "
        f"ON u.subject_key = t.subject_key AND u.day > t.tried_at::DATE "
        f"AND u.day <= t.tried_at::DATE + {int(question.again_days)})")
