"""Answers SubjectPage and SubjectSums: the page of subjects, with the same rules in SQL as evaluation has in Python."""

from __future__ import annotations

from sqlalchemy import func, literal, literal_column, select

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.subject_questions import SubjectPage, SubjectSums
from rollout_core.storage.census import REGISTER, bucket, compiled, held_out, memberships_of
from rollout_core.storage.event_insert import literal as instant
from rollout_core.storage.reader import Reader
from rollout_core.storage.register_table import Columns, columns_of
from rollout_core.storage.rule_sql import Expression, rule_expression
from rollout_core.storage.window_sources import quoted


def subject_page(reader: Reader, question: SubjectPage) -> Rows:
    """One page of ids with the number of all; nobody without a register."""
    columns = columns_of(reader.cursor)
    if columns is None:
        return Rows(("id", "total"), [], reader.closed_until_at)
    wanted = _wanted(question, columns)
    total = select(func.count()).select_from(REGISTER).where(*wanted).scalar_subquery()
    page = (select(REGISTER.c.id, total.label("total")).where(*wanted).order_by(REGISTER.c.id)
            .limit(max(1, min(1000, question.limit))).offset(max(0, question.offset)))
    return reader.rows(*compiled(page))


def _wanted(question: SubjectPage, columns: Columns) -> list[Expression]:
    conditions: list[Expression] = [REGISTER.c.unit == literal(question.population.unit)]
    if question.search:
        conditions.append(func.contains(func.lower(REGISTER.c.id), literal(question.search.lower())))
    if question.enabled is not None:
        inside = enabled(question, columns)
        conditions.append(inside if question.enabled else ~inside)
    return conditions


def enabled(question: SubjectPage, columns: Columns) -> Expression:
    """True for whoever has the feature: forced on, or (not forced off and) eligible, in, and not held out."""
    population = question.population
    memberships = memberships_of(population, columns)
    drawn: Expression = literal_column("false")
    for audience, threshold in question.thresholds:
        if threshold > 0 and audience in memberships:
            drawn = drawn | (memberships[audience] & (bucket(population.salt) < literal(threshold)))
    chance = (rule_expression(population.eligibility, columns, population.anchors.eligibility) & drawn
              & (held_out(population, memberships) == literal_column("0")))
    if question.forced_off:
        chance = chance & REGISTER.c.id.not_in(question.forced_off)
    inside: Expression = func.coalesce(chance, literal_column("false"))
    return inside | REGISTER.c.id.in_(question.forced_on) if question.forced_on else inside


def subject_sums(reader: Reader, question: SubjectSums) -> Rows:
    """Sums per subject; keys go in and names come out, so that no name is stored here."""
    names = {reader.key(question.unit, subject): subject for subject in question.subjects}
    if not names:
        return Rows(COLUMNS, [], reader.closed_until_at)
    keys = ", ".join(f"{key}::UBIGINT" for key in names)
    found = reader.rows(
        f"SELECT subject_key, kind, what, sum(n)::BIGINT AS n, sum(x)::HUGEINT AS x, min(first_at) AS first_at, "
        f"max(first_at) AS last_at FROM subject_day WHERE unit = {quoted(question.unit)} AND subject_key IN ({keys}) "
        f"AND day >= {instant(question.window.since_at)}::DATE AND day < {instant(question.window.until_at)} "
        f"GROUP BY ALL UNION ALL "
        f"SELECT subject_key, 'arm_span', arm, count(*), 0, min(from_at), max(from_at) FROM arm_span "
        f"WHERE rollout = {quoted(question.rollout)} AND subject_key IN ({keys}) GROUP BY ALL ORDER BY ALL")
    return Rows(COLUMNS, [(names[row[0]], *row[1:]) for row in found.rows], reader.closed_until_at)


COLUMNS = ("subject", "kind", "what", "n", "x", "first_at", "last_at")
