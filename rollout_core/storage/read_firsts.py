"""Answers VersionFirsts and FirstValues: each subject's first event of a sort. What a settled day adds is counted once.

Who had a first event on an older day adds nothing on later ones, so what a day adds depends on all days before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import FirstValues, VersionFirsts
from rollout_core.storage.columns import HOUR, counts, micros, moment_of, taken
from rollout_core.storage.day_parts import ONE_DAY, Part, Row, added, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.present_day import firsts, moves
from rollout_core.storage.read_evidence import entry_days
from rollout_core.storage.reader import Reader
from rollout_core.storage.versions import COMPARED, SIDE, SIDES, Version, epochs_sql
from rollout_core.storage.window_sources import LAST_INSTANT, quoted

FIRSTS = ("metric", "hour", "epoch", "inclusion", "events_treatment", "events_control", "at_risk_treatment",
          "at_risk_control")


def answer_version_firsts(reader: Reader, question: VersionFirsts) -> Rows:
    """At risk in an hour are those who entered by then and neither left nor had an event before it."""
    asked = (VersionFirsts, question.rollout, question.metric, question.epochs)
    moves = reader.once(asked, lambda: added(reader.put_together(
        _parts(reader, question, asked), lambda run: _moves_of(reader, question, run)), 4))
    rows = sorted(row for stratum, found in groupby(moves, itemgetter(0, 1, 2)) if stratum[0] == question.anew
                  for row in _at_risk(question.metric, found))
    return Rows(FIRSTS, rows, reader.closed_until_at)


def _at_risk(metric: str, moves: Iterator[Row]) -> Iterator[Row]:
    """One stratum's hours with an event, from its moves in the order of time."""
    treated = untreated = 0
    for _, epoch, inclusion, hour, step_treatment, step_control, events_treatment, events_control in moves:
        treated, untreated = treated + step_treatment, untreated + step_control
        if events_treatment or events_control:
            yield metric, hour, epoch, inclusion, events_treatment, events_control, treated, untreated


def _parts(reader: Reader, question: VersionFirsts | FirstValues, key: object) -> list[Part]:
    """Every day from the first entry to that of the watermark."""
    entered = entry_days(reader, question.rollout, question.epochs)
    if not entered:
        return []
    last = entered[-1] if reader.closed_until_at is None else max(reader.closed_until_at.date(), entered[0])
    return [Part(day, entered[0], day, key) for day in days_between(entered[0], last)]


def _within(column: str, run: Sequence[Part], last: date) -> str:
    """Condition: an instant lies in a run of days; the last of all days has no end."""
    end = "" if run[-1].day >= last else f" AND {column} < DATE '{run[-1].day + ONE_DAY}'"
    return f"({column} >= DATE '{run[0].day}'{end})"


def _moves_of(reader: Reader, question: VersionFirsts, run: Sequence[Part]) -> Rows:
    """The moves of some days, those of the present day from what is known of it."""
    before, today = _cut(reader, run)
    rows = _moves(reader, question, before).rows if before else []
    if today is not None:
        version = Version(question.rollout, question.epochs)
        rows += [(today, *row) for row in moves(reader, version, question.metric, today)]
    return Rows((), rows)


def _cut(reader: Reader, run: Sequence[Part]) -> tuple[Sequence[Part], date | None]:
    """The parts of other days, and the present day where it is the last one of the run."""
    return (run[:-1], run[-1].day) if run[-1].day == reader.today else (run, None)


def _moves(reader: Reader, question: VersionFirsts, run: Sequence[Part]) -> Rows:
    """Who enters, leaves and has a first event on some days, by hour and stratum; `anew` FALSE: the first one of all
    epochs ends a span, TRUE: each epoch's own. Whoever left or had one is at risk no more from the next hour on.

    Nobody leaves a span that has no end: of the many who are in one, only those with another move are looked at."""
    last = _last(reader, run)
    epochs, rollout = epochs_sql(question.epochs), quoted(question.rollout)
    seen = (f"FROM subject_first WHERE rollout = {rollout} AND metric = {quoted(question.metric)} "
            f"AND epoch IN ({epochs})")
    spans = (f"SELECT subject_key, epoch, inclusion, {SIDE} AS arm, from_at, to_at FROM arm_span "
             f"WHERE rollout = {rollout} AND epoch IN ({epochs}) AND {COMPARED}")
    near = " UNION ".join(f"{spans} AND {moved}" for moved in (     # an OR of them would read every span there is
        _within("from_at", run, last), f"{_within('to_at', run, last)} AND to_at < {LAST_INSTANT}",
        f"subject_key IN (SELECT subject_key {seen} AND {_within('first_at', run, last)})"))
    moves = " UNION ALL ".join(
        f"SELECT {at}::DATE AS day, anew, epoch, inclusion, arm, {hour} AS hour, {step} AS step, {event} AS event "
        f"FROM cut WHERE {_within(at, run, last)}{condition}" for at, hour, step, event, condition in (
            ("from_at", "date_trunc('hour', from_at)", 1, 0, ""),
            ("stop_at", "date_trunc('hour', stop_at) + INTERVAL 1 HOUR", -1, 0, f" AND stop_at < {LAST_INSTANT}"),
            ("first_at", "date_trunc('hour', first_at)", 0, 1, " AND first_at < to_at")))
    return reader.rows(
        f"WITH span AS ({near}), "
        f"own AS (SELECT subject_key, epoch, first_at {seen} AND subject_key IN (SELECT subject_key FROM span)), "
        "ever AS (SELECT subject_key, min(first_at) AS first_at FROM own GROUP BY subject_key), "
        "met AS (SELECT FALSE AS anew, s.*, f.first_at FROM span AS s LEFT JOIN ever AS f USING (subject_key) "
        "UNION ALL SELECT TRUE, s.*, f.first_at FROM span AS s LEFT JOIN own AS f USING (subject_key, epoch)), "
        "cut AS (SELECT *, least(to_at, coalesce(first_at, to_at)) AS stop_at FROM met "
        "WHERE first_at IS NULL OR first_at >= from_at) "
        f"SELECT least(day, DATE '{last}'), anew, epoch, inclusion, hour, "
        "sum(step * (arm = 'treatment')::INTEGER)::BIGINT, sum(step * (arm = 'control')::INTEGER)::BIGINT, "
        "sum(event * (arm = 'treatment')::INTEGER)::BIGINT, sum(event * (arm = 'control')::INTEGER)::BIGINT "
        f"FROM ({moves}) GROUP BY ALL")


def _last(reader: Reader, run: Sequence[Part]) -> date:
    return run[-1].day if reader.closed_until_at is None else max(reader.closed_until_at.date(), run[0].first)


def answer_first_values(reader: Reader, question: FirstValues) -> Rows:
    """First observations per subject and epoch, above or not above a reference fixed before."""
    rows = reader.put_together(_parts(reader, question, question), lambda run: _values_of(reader, question, run))
    return Rows(("hour", "epoch", "inclusion", "arm", "n", "above"), sorted(rows), reader.closed_until_at)


def _values_of(reader: Reader, question: FirstValues, run: Sequence[Part]) -> Rows:
    """First values of some days, those of the present day from what is known of it."""
    before, today = _cut(reader, run)
    rows = _values(reader, question, before).rows if before else []
    if today is not None:
        found = firsts(reader, Version(question.rollout, question.epochs), question.metric, today)
        found = taken(found, found["first_at"] >= micros(question.since_at))
        rows += [(today, moment_of(hour * HOUR), epoch, inclusion, SIDES[side], n, above)
                 for hour, epoch, inclusion, side, n, above in counts(
                     [found["first_at"] // HOUR, *(found[name] for name in ("epoch", "inclusion", "treated"))],
                     [found["value"] > int(question.reference)])]
    return Rows((), rows)


def _values(reader: Reader, question: FirstValues, run: Sequence[Part]) -> Rows:
    last = _last(reader, run)
    return reader.rows(
        f"SELECT least(first_at::DATE, DATE '{last}'), date_trunc('hour', first_at) AS hour, epoch, inclusion, "
        f"{SIDE} AS arm, count(*) AS n, count(*) FILTER (value > {int(question.reference)}) AS above "
        f"FROM subject_first "
        f"WHERE rollout = {quoted(question.rollout)} AND metric = {quoted(question.metric)} "
        f"AND epoch IN ({epochs_sql(question.epochs)}) AND {COMPARED} AND first_at >= {literal(question.since_at)} "
        f"AND {_within('first_at', run, last)} GROUP BY ALL")
