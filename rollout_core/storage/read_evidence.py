"""Answers of ports/evidence_questions.py: what the sequential tests count, each subject once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import (
    Crossing,
    Matured,
    Newcomers,
)
from rollout_core.storage.day_parts import ONE_DAY, Part, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader

SIDE = "CASE arm WHEN 'holdout' THEN 'control' ELSE arm END"
COMPARED = "arm IN ('treatment', 'control', 'holdout')"
BY_CHANCE = "arm IN ('treatment', 'control', 'holdout', 'former') AND inclusion > 0"
"""Chance said which side, or would have: whoever was first seen formerly in is no newcomer later. Where nobody could be
in (inclusion 0) only some are told, so it is no beginning for anybody."""


def answer_newcomers(reader: Reader, question: Newcomers) -> Rows:
    """Each subject's first span by chance counts, if it is compared; settled days are counted once."""
    columns = ("hour", "epoch", "inclusion", "arm", "entered")
    parts = [Part(day, day, day, question) for day in entry_days(reader, question.rollout, question.epochs)]
    rows = reader.put_together(parts, lambda run: reader.rows(
        f"WITH first AS ({_entries(question.epochs, run)}) "
        "SELECT CAST(entered_at AS DATE), date_trunc('hour', entered_at) AS hour, epoch, inclusion, arm, "
        "count(*) AS entered FROM first GROUP BY ALL", {"rollout": question.rollout}))
    return Rows(columns, sorted(rows), reader.closed_until_at)


def entry_days(reader: Reader, rollout: str, epochs: tuple[int, ...]) -> list[date]:
    """The days on which anybody may have entered these epochs."""
    first, last = reader.once(("entered", rollout, epochs), lambda: reader.rows(
        f"SELECT min(from_at)::DATE, max(from_at)::DATE FROM arm_span WHERE rollout = $rollout "
        f"AND epoch IN ({epochs_sql(epochs)}) AND {COMPARED}", {"rollout": rollout}).rows[0])
    return [] if first is None else list(days_between(first, last))


def _entries(epochs: Sequence[int], run: Sequence[Part]) -> str:
    """SELECT of the subjects whose first span by chance within `epochs` began on the days of a run: subject_key, unit,
    entered_at, and epoch, inclusion, arm then. Whose span of these days is not the first one drops out."""
    spans = f"FROM arm_span WHERE rollout = $rollout AND epoch IN ({epochs_sql(epochs)}) AND {BY_CHANCE}"
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
    rows = reader.put_together(parts, lambda run: _matured(reader, question, run, reach))
    return Rows(("day", "epoch", "inclusion", "arm", "n", "x"), added(rows, 4), reader.closed_until_at)


def _matured(reader: Reader, question: Matured, run: Sequence[Part], reach: timedelta) -> Rows:
    """The same of those who entered on some days in a row, the day they entered in front. Who has been on both sides
    crossed with the first span on the second one."""
    known = (f"entered_at::DATE + {int(question.on_day) + 1}" if question.on_day
             else f"entered_at + INTERVAL {int(question.within_hours)} HOUR")
    happened = (f"d.day = r.entered_at::DATE + {int(question.on_day)}" if question.on_day
                else "d.first_at >= r.entered_at AND d.first_at < r.known_at")
    whats = f" AND d.what IN ({listed(question.whats)})" if question.whats else ""
    spans = f"FROM arm_span WHERE rollout = $rollout AND epoch IN ({epochs_sql(question.epochs)}) AND {BY_CHANCE}"
    since, until = f"DATE '{run[0].day}'", f"DATE '{run[-1].day + ONE_DAY}'"
    return reader.rows(
        f"WITH side AS (SELECT subject_key, any_value(unit) AS unit, min(from_at) AS entered_at, "
        f"arg_min(epoch, from_at) AS epoch, arg_min(inclusion, from_at) AS inclusion, arg_min({SIDE}, from_at) AS arm, "
        f"min(from_at) FILTER (arm = 'treatment') AS treated_at, "
        f"min(from_at) FILTER (arm <> 'treatment') AS untreated_at {spans} "
        f"AND subject_key IN (SELECT subject_key {spans} AND from_at >= {since} AND from_at < {until}) "
        f"GROUP BY subject_key HAVING min(from_at) >= {since} AND min(from_at) < {until} "
        "AND arg_min(arm, from_at) <> 'former'), "
        f"ripe AS (SELECT *, {known} AS known_at FROM side WHERE {known} <= {literal(question.now)} "
        f"AND coalesce({known} <= CASE WHEN arm = 'treatment' THEN untreated_at ELSE treated_at END, TRUE) "
        f"AND {_unmoved(question.crossings, known)}), "
        f"hit AS (SELECT DISTINCT r.subject_key FROM ripe AS r JOIN subject_day AS d ON d.unit = r.unit "
        f"AND d.subject_key = r.subject_key AND {happened} WHERE d.kind IN ({listed(question.kinds)}){whats} "
        f"AND d.day BETWEEN {since} AND DATE '{run[-1].day + reach}') "
        "SELECT entered_at::DATE, known_at::DATE AS day, epoch, inclusion, arm, count(*) AS n, "
        "count(h.subject_key) AS x FROM ripe LEFT JOIN hit AS h USING (subject_key) GROUP BY ALL",
        {"rollout": question.rollout})


def epochs_sql(numbers: Sequence[int]) -> str:
    """Integers as a list for IN; a list that is empty matches nothing."""
    return ", ".join(str(int(number)) for number in numbers) or "NULL"


def _unmoved(crossings: Sequence[Crossing], known: str) -> str:
    """Condition: the outcome is known before the subject may be moved to the other side."""
    if not all(each.side in ("treatment", "control") for each in crossings):
        raise ValueError("a crossing begins in treatment or control")
    moved = " ".join(f"WHEN epoch = {int(each.epoch)} AND arm = '{each.side}' THEN {known} <= {literal(each.at)}"
                     for each in crossings)
    return f"CASE {moved} ELSE TRUE END" if moved else "TRUE"
