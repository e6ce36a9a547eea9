"""Answers of ports/evidence_questions.py: what the sequential tests count, each subject once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import (
    Crossing,
    FirstValues,
    Matured,
    Newcomers,
    VersionFirsts,
)
from rollout_core.storage.day_parts import ONE_DAY, Part, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.reader import Reader

SIDE = "CASE arm WHEN 'holdout' THEN 'control' ELSE arm END"
COMPARED = "arm IN ('treatment', 'control', 'holdout')"


def answer_newcomers(reader: Reader, question: Newcomers) -> Rows:
    """Each subject's first span of the version counts; settled days are counted once."""
    columns = ("hour", "epoch", "inclusion", "arm", "entered")
    parts = [Part(day, day, day, question) for day in _entry_days(reader, question.rollout, question.epochs)]
    rows = reader.put_together(parts, lambda run: reader.rows(
        f"WITH first AS ({_entries(question.epochs, run)}) "
        "SELECT CAST(entered_at AS DATE), date_trunc('hour', entered_at) AS hour, epoch, inclusion, arm, "
        "count(*) AS entered FROM first GROUP BY ALL", {"rollout": question.rollout}))
    return Rows(columns, added(rows, 4), reader.closed_until_at)


def _entry_days(reader: Reader, rollout: str, epochs: Sequence[int]) -> list[date]:
    """The days on which anybody may have entered these epochs."""
    first, last = reader.rows(f"SELECT min(from_at)::DATE, max(from_at)::DATE FROM arm_span WHERE rollout = $rollout "
                              f"AND epoch IN ({epochs_sql(epochs)}) AND {COMPARED}", {"rollout": rollout}).rows[0]
    return [] if first is None else list(days_between(first, last))


def _entries(epochs: Sequence[int], run: Sequence[Part]) -> str:
    """SELECT of the subjects whose first span within `epochs` began on the days of a run: subject_key, unit,
    entered_at, and epoch, inclusion, arm then. Whose span of these days is not the first one drops out."""
    spans = f"FROM arm_span WHERE rollout = $rollout AND epoch IN ({epochs_sql(epochs)}) AND {COMPARED}"
    since, until = f"TIMESTAMP '{run[0].day}'", f"TIMESTAMP '{run[-1].day}' + INTERVAL 1 DAY"
    return (f"SELECT subject_key, any_value(unit) AS unit, min(from_at) AS entered_at, arg_min(epoch, from_at) AS "
            f"epoch, arg_min(inclusion, from_at) AS inclusion, arg_min({SIDE}, from_at) AS arm {spans} "
            f"AND from_at < {until} AND subject_key IN (SELECT subject_key {spans} AND from_at >= {since} "
            f"AND from_at < {until}) GROUP BY subject_key HAVING min(from_at) >= {since}")


def answer_version_firsts(reader: Reader, question: VersionFirsts) -> Rows:
    """Spans end with the subject's first event; entries and exits are summed up to each hour that has an event."""
    whose = "subject_key, epoch" if question.anew else "subject_key"
    return reader.rows(
        f"WITH first AS (SELECT {whose}, min(first_at) AS first_at FROM subject_first WHERE rollout = $rollout "
        f"AND metric = $metric AND epoch IN ({epochs_sql(question.epochs)}) GROUP BY {whose}), "
        f"span AS (SELECT s.epoch, s.inclusion, {SIDE} AS arm, s.from_at, s.to_at, f.first_at, "
        "least(s.to_at, coalesce(f.first_at, s.to_at)) AS stop_at FROM arm_span AS s LEFT JOIN first AS f USING "
        f"({whose}) WHERE s.rollout = $rollout AND s.epoch IN ({epochs_sql(question.epochs)}) AND s.{COMPARED} "
        "AND (f.first_at IS NULL OR f.first_at >= s.from_at)), "
        "event AS (SELECT date_trunc('hour', first_at) AS hour, epoch, inclusion, "
        "count(*) FILTER (arm = 'treatment') AS events_treatment, count(*) FILTER (arm = 'control') AS events_control "
        "FROM span WHERE first_at >= from_at AND first_at < to_at GROUP BY ALL), "
        "change AS (SELECT epoch, inclusion, arm, date_trunc('hour', from_at) AS hour, 1 AS step FROM span UNION ALL "
        "SELECT epoch, inclusion, arm, date_trunc('hour', stop_at) + INTERVAL 1 HOUR, -1 FROM span "
        "WHERE stop_at < TIMESTAMP '9000-01-01'), "
        "level AS (SELECT epoch, inclusion, hour, sum(sum(step) FILTER (arm = 'treatment')) OVER past AS treated, "
        "sum(sum(step) FILTER (arm = 'control')) OVER past AS untreated FROM change GROUP BY epoch, inclusion, hour "
        "WINDOW past AS (PARTITION BY epoch, inclusion ORDER BY hour)) "
        "SELECT $metric AS metric, e.hour, e.epoch, e.inclusion, e.events_treatment, e.events_control, "
        "coalesce(l.treated, 0)::BIGINT AS at_risk_treatment, coalesce(l.untreated, 0)::BIGINT AS at_risk_control "
        "FROM event AS e ASOF JOIN level AS l ON e.epoch = l.epoch AND e.inclusion = l.inclusion AND e.hour >= l.hour "
        "ORDER BY e.hour, e.epoch, e.inclusion", {"rollout": question.rollout, "metric": question.metric})


def answer_first_values(reader: Reader, question: FirstValues) -> Rows:
    """First observations per subject and epoch, above or not above a reference fixed before."""
    return reader.rows(
        f"SELECT date_trunc('hour', first_at) AS hour, epoch, inclusion, {SIDE} AS arm, count(*) AS n, "
        "count(*) FILTER (value > $reference) AS above FROM subject_first WHERE rollout = $rollout "
        f"AND metric = $metric AND epoch IN ({epochs_sql(question.epochs)}) AND {COMPARED} "
        f"AND first_at >= {literal(question.since_at)} GROUP BY ALL ORDER BY hour, epoch, inclusion, arm",
        {"rollout": question.rollout, "metric": question.metric, "reference": question.reference})


def answer_matured(reader: Reader, question: Matured) -> Rows:
    """Outcomes at a fixed age, of subjects that stayed on one side until it was known; settled days are counted once.
    """
    reach = ONE_DAY * (question.on_day or ceil(question.within_hours / 24))
    known_after = reach + ONE_DAY if question.on_day else timedelta(hours=question.within_hours)
    asked = replace(question, now=datetime(2100, 1, 1, tzinfo=UTC))
    parts = [Part(day, day, day + reach, asked) for day in _entry_days(reader, question.rollout, question.epochs)
             if datetime.combine(day, time(), UTC) + known_after <= question.now]
    rows = reader.put_together(parts, lambda run: _matured(reader, question, run, reach))
    return Rows(("day", "epoch", "inclusion", "arm", "n", "x"), added(rows, 4), reader.closed_until_at)


def _matured(reader: Reader, question: Matured, run: Sequence[Part], reach: timedelta) -> Rows:
    """The same of those who entered on some days in a row, the day they entered in front."""
    late = ("CAST(e.entered_at AS DATE) + $on_day + 1" if question.on_day else "e.entered_at + to_hours($within_hours)")
    happened = ("d.day = CAST(e.entered_at AS DATE) + $on_day" if question.on_day
                else "d.first_at >= e.entered_at AND d.first_at < e.entered_at + to_hours($within_hours)")
    whats = f"AND d.what IN ({_texts('what', len(question.whats))}) " if question.whats else ""
    parameters = {"rollout": question.rollout, "now": question.now.replace(tzinfo=None),
                  **({"on_day": question.on_day} if question.on_day else {"within_hours": question.within_hours}),
                  **_named("what", question.whats)}
    return reader.rows(
        f"WITH entry AS ({_entries(question.epochs, run)}), "
        f"span AS (SELECT subject_key, from_at, {SIDE} AS arm FROM arm_span WHERE "
        f"rollout = $rollout AND epoch IN ({epochs_sql(question.epochs)}) AND {COMPARED}), "
        "crossed AS (SELECT s.subject_key, min(s.from_at) AS crossed_at FROM span AS s "
        "JOIN entry AS e USING (subject_key) WHERE s.arm <> e.arm GROUP BY s.subject_key), "
        f"moved AS ({_crossings(question.crossings)}), "
        f"ripe AS (SELECT e.*, {late} AS known_at FROM entry AS e LEFT JOIN crossed AS c USING (subject_key) "
        "LEFT JOIN moved AS m ON m.epoch = e.epoch AND m.side = e.arm "
        f"WHERE {late} <= $now AND (c.crossed_at IS NULL OR c.crossed_at >= {late}) "
        f"AND (m.moved_at IS NULL OR {late} <= m.moved_at)), "
        f"hit AS (SELECT DISTINCT e.subject_key FROM ripe AS e JOIN subject_day AS d ON d.unit = e.unit AND "
        f"d.subject_key = e.subject_key AND {happened} WHERE d.kind IN ({_quoted(question.kinds)}) {whats}"
        f"AND d.day BETWEEN DATE '{run[0].day}' AND DATE '{run[-1].day + reach}') "
        "SELECT CAST(r.entered_at AS DATE), CAST(r.known_at AS DATE) AS day, r.epoch, r.inclusion, r.arm, "
        "count(*) AS n, count(h.subject_key) AS x FROM ripe AS r LEFT JOIN hit AS h USING (subject_key) GROUP BY ALL",
        parameters)


def epochs_sql(numbers: Sequence[int]) -> str:
    """Integers as a list for IN; a list that is empty matches nothing."""
    return ", ".join(str(int(number)) for number in numbers) or "NULL"


def _crossings(crossings: Sequence[Crossing]) -> str:
    """The crossings as a table: epoch, side, moved_at."""
    if not crossings:
        return "SELECT 0 AS epoch, '' AS side, TIMESTAMP '9999-01-01' AS moved_at WHERE FALSE"
    if not all(each.side in ("treatment", "control") for each in crossings):
        raise ValueError("a crossing begins in treatment or control")
    rows = (f"SELECT {int(each.epoch)} AS epoch, '{each.side}' AS side, {literal(each.at)} AS moved_at"
            for each in crossings)
    return " UNION ALL ".join(rows)


def _texts(name: str, count: int) -> str:
    """Parameters for IN; a list that is empty matches nothing."""
    return ", ".join(f"${name}{place}" for place in range(count)) or "NULL"


def _named(name: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{name}{place}": value for place, value in enumerate(values)}


def _quoted(kinds: Sequence[str]) -> str:
    """Kind names as SQL text; only words of letters and underscores are let through."""
    if not all(kind.replace("_", "").isalpha() for kind in kinds):
        raise ValueError(f"{kinds!r} are no kinds")
    return ", ".join(f"'{kind}'" for kind in kinds)
