"""Answers FlagMatrix, FlagsUsed, ActiveSubjects, SubjectDays: what subjects did, day by day. Closed windows only.

A window holds the days that begin in it and the one in which it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from rollout_core.ports.event_questions import ActiveSubjects, FlagMatrix, FlagsUsed, Rows, SubjectDays
from rollout_core.storage.day_parts import Part, days_between
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_people import WHOLE, first_day, last_day
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted


def flag_matrix(reader: Reader, question: FlagMatrix) -> Rows:
    """Subjects who used both flags of a pair; the diagonal is each flag's own."""
    return reader.rows(
        f"WITH used AS ({_used(question)}) SELECT a.flag AS flag_a, b.flag AS flag_b, "
        f"count(DISTINCT a.subject_key) AS subjects FROM used AS a JOIN used AS b USING (subject_key, arm) "
        f"GROUP BY ALL ORDER BY ALL")


def flags_used(reader: Reader, question: FlagsUsed) -> Rows:
    """How many flags each adopter used."""
    return reader.rows(
        f"WITH used AS ({_used(question)}), each AS (SELECT arm, subject_key, count(DISTINCT flag) AS flags FROM used "
        f"GROUP BY ALL) SELECT arm, flags::INTEGER AS flags, count(*) AS subjects FROM each GROUP BY ALL ORDER BY ALL")


def _used(question: FlagMatrix | FlagsUsed) -> str:
    """SELECT DISTINCT arm, subject_key, flag: uses on days on which their subject stood in one of the arms."""
    flags = f" AND d.what IN ({listed(question.flags)})" if question.flags else ""
    return (f"SELECT DISTINCT s.arm, d.subject_key, d.what AS flag "
            f"FROM {_days(question.rollout, question.window.since_at.date(), last_day(question.window))} AS d "
            f"ASOF JOIN {_spans(question.rollout)} AS s ON s.subject_key = d.subject_key AND s.from_at < d.end_at "
            f"WHERE d.kind = 'feature_use' AND s.to_at > d.day AND s.arm IN ({listed(question.arms)}){flags}")


def active_subjects(reader: Reader, question: ActiveSubjects) -> Rows:
    """Subject-days by day, arm and stratum, each under the newest stretch that began by the day's end."""
    window = question.window
    asked = replace(question, window=WHOLE)
    parts = [Part(day, day, day, asked) for day in days_between(first_day(reader, question.rollout, window),
                                                                last_day(window))]
    rows = reader.put_together(parts, lambda run: _active(reader, question, run))
    return Rows(("day", "arm", "epoch", "inclusion", "kind", "what", "subjects", "n", "x", "xx"), sorted(rows),
                reader.closed_until_at)


def _active(reader: Reader, question: ActiveSubjects, run: Sequence[Part]) -> Rows:
    """The same of some days in a row, each day in front."""
    what = "d.what" if question.by_what else "''"
    narrowed = f" AND d.what IN ({listed(question.whats)})" if question.whats else ""
    return reader.rows(
        f"WITH own AS (SELECT d.subject_key, d.day, d.end_at, d.kind, {what} AS what, sum(d.n) AS n, sum(d.x) AS x "
        f"FROM {_days(question.rollout, run[0].day, run[-1].day)} AS d WHERE d.kind IN ({listed(question.kinds)})"
        f"{narrowed} GROUP BY ALL) "
        f"SELECT o.day AS of, o.day, s.arm, s.epoch, s.inclusion, o.kind, o.what, count(*) AS subjects, "
        f"sum(o.n)::BIGINT AS n, sum(o.x)::HUGEINT AS x, sum(o.x::HUGEINT * o.x)::HUGEINT AS xx FROM own AS o "
        f"ASOF JOIN {_spans(question.rollout)} AS s ON s.subject_key = o.subject_key AND s.from_at < o.end_at "
        f"WHERE s.to_at > o.day GROUP BY ALL")


def _days(rollout: str, first: date, last: date) -> str:
    """Relation of subject_day rows of the rollout's unit, from one day to another, both included."""
    return (f"(SELECT *, (day + 1)::TIMESTAMP AS end_at FROM subject_day "
            f"WHERE unit = (SELECT unit FROM rollout_mirror WHERE rollout = {quoted(rollout)}) "
            f"AND day BETWEEN DATE '{first}' AND DATE '{last}')")


def _spans(rollout: str) -> str:
    return (f"(SELECT subject_key, from_at, to_at, arm, epoch, inclusion FROM arm_span "
            f"WHERE rollout = {quoted(rollout)})")


def subject_days(reader: Reader, question: SubjectDays) -> Rows:
    """One subject's days."""
    return reader.rows(
        "SELECT day, kind, what, n, x, first_at FROM subject_day WHERE unit = ? AND subject_key = ? "
        f"AND day >= {literal(question.window.since_at)}::DATE AND day < {literal(question.window.until_at)} "
        "ORDER BY ALL", [question.unit, reader.key(question.unit, question.subject)])
