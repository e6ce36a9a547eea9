"""Answers of ports/evidence_questions.py: what the sequential tests count, each subject once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

import numpy as np

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import (
    Crossing,
    Matured,
    Newcomers,
)
from rollout_core.storage.columns import DAY, HOUR, counts, micros, moment_of
from rollout_core.storage.day_parts import ONE_DAY, Part, Row, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.present_day import crossed, entered
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.ripening import divided, done_today, people_of
from rollout_core.storage.running_sums import FIRST_DAY
from rollout_core.storage.versions import BY_CHANCE, COMPARED, SIDE, SIDES, Version
from rollout_core.storage.window_sources import quoted


def answer_newcomers(reader: Reader, question: Newcomers) -> Rows:
    """Each subject's first span by chance counts, if it is compared; settled days are counted once."""
    columns = ("hour", "epoch", "inclusion", "arm", "entered")
    parts = [Part(day, day, day, question) for day in entry_days(reader, question.rollout, question.epochs)]
    rows = reader.put_together(parts, lambda run: _entered_on(reader, question, run))
    return Rows(columns, sorted(rows), reader.closed_until_at)


def _entered_on(reader: Reader, question: Newcomers, run: Sequence[Part]) -> Rows:
    """The same of some days in a row, the day in front."""
    version, cut = Version(question.rollout, question.epochs), divided(run, reader.today)
    read = run if reader.today is None else cut.settled
    rows = [] if not read else reader.rows(
        f"WITH first AS ({_entries(version, read)}) SELECT CAST(entered_at AS DATE), "
        "date_trunc('hour', entered_at) AS hour, epoch, inclusion, arm, count(*) AS entered FROM first GROUP BY ALL"
    ).rows
    if cut.fresh and reader.today is not None:
        found, days = entered(reader, version, reader.today), {part.day for part in cut.fresh}
        hours = counts([found["from_at"] // HOUR, *(found[name] for name in ("epoch", "inclusion", "treated"))], [])
        rows += [(day, moment_of(hour * HOUR), epoch, inclusion, SIDES[side], n)
                 for hour, epoch, inclusion, side, n in hours
                 if (day := moment_of(hour * HOUR).date()) in days]
    return Rows((), rows)


def entry_days(reader: Reader, rollout: str, epochs: tuple[int, ...]) -> list[date]:
    """The days on which anybody may have entered these epochs."""
    today = reader.today or date.max

    def between(condition: str) -> tuple[date | None, date | None]:
        first, last = reader.rows(
            f"SELECT min(from_at)::DATE, max(from_at)::DATE FROM arm_span WHERE {Version(rollout, epochs).sql()} "
            f"AND {COMPARED} AND {condition}").rows[0]
        return first, last

    def found() -> list[date]:
        ends = (*reader.settled(("entered", rollout, epochs), lambda: between(f"from_at < DATE '{today}'")),
                *between(f"from_at >= DATE '{today}'"))
        known = [day for day in ends if day is not None]
        return list(days_between(min(known), max(known))) if known else []
    return reader.once(("entered", rollout, epochs), found)


def _entries(version: Version, run: Sequence[Part]) -> str:
    """SELECT of the subjects whose first span by chance within `epochs` began on the days of a run: subject_key, unit,
    entered_at, and epoch, inclusion, arm then. Whose span of these days is not the first one drops out."""
    spans = f"FROM arm_span WHERE {version.sql()} AND {BY_CHANCE}"
    since, until = f"TIMESTAMP '{run[0].day}'", f"TIMESTAMP '{run[-1].day}' + INTERVAL 1 DAY"
    return (f"SELECT subject_key, any_value(unit) AS unit, min(from_at) AS entered_at, arg_min(epoch, from_at) AS "
            f"epoch, arg_min(inclusion, from_at) AS inclusion, arg_min({SIDE}, from_at) AS arm {spans} "
            f"AND from_at < {until} AND subject_key IN (SELECT subject_key {spans} AND from_at >= {since} "
            f"AND from_at < {until}) GROUP BY subject_key "
            f"HAVING min(from_at) >= {since} AND arg_min(arm, from_at) <> 'former'")


def answer_matured(reader: Reader, question: Matured) -> Rows:
    """Outcomes at a fixed age, of subjects that stayed on one side until it was known; settled days are counted once.
    """
    reach = ONE_DAY * (question.on_day or ceil(question.within_hours / 24))
    known_after = reach + ONE_DAY if question.on_day else timedelta(hours=question.within_hours)
    asked = replace(question, now=datetime(2100, 1, 1, tzinfo=UTC))
    parts = [Part(day, day, day + reach, asked) for day in entry_days(reader, question.rollout, question.epochs)
             if datetime.combine(day, time(), UTC) + known_after <= question.now]
    rows = reader.put_together(parts, lambda run: _of_run(reader, question, run, reach))
    return Rows(("day", "epoch", "inclusion", "arm", "n", "x"), added(rows, 4), reader.closed_until_at)


def _of_run(reader: Reader, question: Matured, run: Sequence[Part], reach: timedelta) -> Rows:
    """The same of those who entered on some days in a row, the day they entered in front."""
    cut = divided(run, None if question.on_day else reader.today)
    rows = [row for days in (cut.settled, cut.fresh) if days for row in _matured(reader, question, days, reach)]
    for part in cut.ripening:
        ripened = _ripened(reader, question, part, reach)
        rows += _matured(reader, question, [part], reach) if ripened is None else ripened
    return Rows((), rows)


def _matured(reader: Reader, question: Matured, run: Sequence[Part], reach: timedelta) -> list[Row]:
    """The same, all of it read."""
    return reader.rows(
        f"{_outcomes_sql(question, run, reach)} SELECT entered_at::DATE, known_at::DATE AS day, epoch, inclusion, arm, "
        f"count(*) AS n, count(h.subject_key) AS x FROM ripe LEFT JOIN hit AS h USING (subject_key) "
        f"WHERE known_at <= {literal(question.now)} GROUP BY ALL").rows


def _ripened(reader: Reader, question: Matured, part: Part, reach: timedelta) -> list[Row] | None:
    """The same of a day whose people become known today (ripening.py); None where they are of several units."""
    unit, today = reader.unit_of(question.rollout), reader.today
    if unit is None or today is None:
        return None
    people = people_of(reader, part, part.key, today, lambda: reader.arrays(
        f"{_outcomes_sql(question, [part], reach, today)} SELECT subject_key AS keys, epoch_us(known_at) AS known, "
        f"epoch, inclusion, (arm = 'treatment')::INTEGER AS treated, (h.subject_key IS NOT NULL)::INTEGER AS hit, "
        f"(unit = {quoted(unit)})::INTEGER AS own FROM ripe LEFT JOIN hit AS h USING (subject_key)"))
    if not people["own"].all():
        return None
    keys, known = people["keys"], people["known"]
    treated, untreated = crossed(reader, Version(question.rollout, question.epochs), today)
    left_at = np.where(people["treated"] == 1, untreated.of(keys), treated.of(keys))
    ripe = (known <= micros(question.now)) & (known <= left_at)
    hit = (people["hit"] == 1) | (done_today(reader, unit, question.kinds, question.whats, today).of(keys) < known)
    rows = counts([(known // DAY)[ripe], *(people[name][ripe] for name in ("epoch", "inclusion", "treated"))],
                  [hit[ripe]])
    return [(part.day, FIRST_DAY + ONE_DAY * day, epoch, inclusion, SIDES[side], n, x)
            for day, epoch, inclusion, side, n, x in rows]


def _outcomes_sql(question: Matured, run: Sequence[Part], reach: timedelta, before: date | None = None) -> str:
    """WITH clause: `ripe`, those who entered on some days in a row and stay until their outcome is known, and `hit`,
    those of them who did it; as far as the days before `before` tell. Who has been on both sides crossed with the first
    span on the second one."""
    known = (f"entered_at::DATE + {int(question.on_day) + 1}" if question.on_day
             else f"entered_at + INTERVAL {int(question.within_hours)} HOUR")
    happened = (f"d.day = r.entered_at::DATE + {int(question.on_day)}" if question.on_day
                else "d.first_at >= r.entered_at AND d.first_at < r.known_at")
    whats = f" AND d.what IN ({listed(question.whats)})" if question.whats else ""
    spans = f"FROM arm_span WHERE {Version(question.rollout, question.epochs).sql()} AND {BY_CHANCE}"
    spans += "" if before is None else f" AND from_at < DATE '{before}'"
    since, until = f"DATE '{run[0].day}'", f"DATE '{run[-1].day + ONE_DAY}'"
    last = run[-1].day + reach if before is None else min(before - ONE_DAY, run[-1].day + reach)
    return (
        f"WITH side AS (SELECT subject_key, any_value(unit) AS unit, min(from_at) AS entered_at, "
        f"arg_min(epoch, from_at) AS epoch, arg_min(inclusion, from_at) AS inclusion, arg_min({SIDE}, from_at) AS arm, "
        f"min(from_at) FILTER (arm = 'treatment') AS treated_at, "
        f"min(from_at) FILTER (arm <> 'treatment') AS untreated_at {spans} "
        f"AND subject_key IN (SELECT subject_key {spans} AND from_at >= {since} AND from_at < {until}) "
        f"GROUP BY subject_key HAVING min(from_at) >= {since} AND min(from_at) < {until} "
        "AND arg_min(arm, from_at) <> 'former'), "
        f"ripe AS (SELECT *, {known} AS known_at FROM side "
        f"WHERE coalesce({known} <= CASE WHEN arm = 'treatment' THEN untreated_at ELSE treated_at END, TRUE) "
        f"AND {_unmoved(question.crossings, known)}), "
        f"hit AS (SELECT DISTINCT r.subject_key FROM ripe AS r JOIN subject_day AS d ON d.unit = r.unit "
        f"AND d.subject_key = r.subject_key AND {happened} WHERE d.kind IN ({listed(question.kinds)}){whats} "
        f"AND d.day BETWEEN {since} AND DATE '{last}')")


def _unmoved(crossings: Sequence[Crossing], known: str) -> str:
    """Condition: the outcome is known before the subject may be moved to the other side."""
    if not all(each.side in ("treatment", "control") for each in crossings):
        raise ValueError("a crossing begins in treatment or control")
    moved = " ".join(f"WHEN epoch = {int(each.epoch)} AND arm = '{each.side}' THEN {known} <= {literal(each.at)}"
                     for each in crossings)
    return f"CASE {moved} ELSE TRUE END" if moved else "TRUE"
