"""Dividing people by what the register says of them now: an attribute, or the first audience they belong to.

Both are a relation (subject_key, part) over the register's mirror. Attribute and audience names come from senders and
plans and are values here, never SQL: columns are named by `register_column`, rules are compiled with quoted literals.
"""

from __future__ import annotations

from duckdb_sqlalchemy import Dialect
from sqlalchemy import case, column, func, literal, literal_column, select, table

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.subject_questions import ATTRIBUTE, AUDIENCE, SubjectAttributes
from rollout_core.rollouts.census import Population
from rollout_core.storage.census import memberships_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.register_table import Columns, Kind, columns_of
from rollout_core.storage.rule_sql import rule_expression
from rollout_core.storage.window_sources import quoted

REGISTER = table("register", column("unit"), column("id"), column("subject_key"))
MOST_VALUES = 50
"""An attribute of more values tells people apart rather than dividing them."""
NOBODY = "SELECT NULL::UBIGINT AS subject_key, NULL::VARCHAR AS part WHERE FALSE"


def parted_sql(reader: Reader, division: str, population: Population) -> str:
    """SELECT of subject_key and part for `attribute.NAME` or `audience`; those without one are in no part."""
    columns = columns_of(reader.cursor)
    if columns is None:
        return NOBODY
    if division == AUDIENCE:
        return _by_audience(population, columns)
    part = _value(columns, division.removeprefix(ATTRIBUTE))
    return NOBODY if part is None else (
        f"SELECT subject_key, part FROM (SELECT subject_key, {part} AS part FROM register "
        f"WHERE unit = {quoted(population.unit)} AND subject_key IS NOT NULL) WHERE part IS NOT NULL")


def _value(columns: Columns, attribute: str) -> str | None:
    """SQL of an attribute's value as text: texts as they are, truth values as yes and no, whole numbers without point.
    """
    said = {Kind.TEXT: "{0}", Kind.TRUTH: "CASE WHEN {0} THEN 'yes' WHEN NOT {0} THEN 'no' END",
            Kind.NUMBER: "CASE WHEN {0} = floor({0}) AND abs({0}) < 1e15 THEN {0}::BIGINT::VARCHAR "
                         "ELSE {0}::VARCHAR END"}
    known = [text.format(columns[attribute, kind]) for kind, text in said.items() if (attribute, kind) in columns]
    return f"coalesce({', '.join(known)})" if known else None


def _by_audience(population: Population, columns: Columns) -> str:
    """The first audience in filling order, of those who are eligible."""
    memberships = memberships_of(population, columns)
    whose = case(*((memberships[each.key], literal(each.key)) for each in population.audiences),
                 else_=literal_column("NULL")) if memberships else literal_column("NULL")
    inner = select(REGISTER.c.subject_key, whose.label("part")).where(
        REGISTER.c.unit == literal(population.unit), REGISTER.c.subject_key.is_not(None),
        func.coalesce(rule_expression(population.eligibility, columns, population.anchors.eligibility),
                      literal_column("false")))
    text = str(inner.compile(dialect=Dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}))
    return f"SELECT subject_key, part FROM ({text}) WHERE part IS NOT NULL"


def subject_attributes(reader: Reader, question: SubjectAttributes) -> Rows:
    """The attributes that divide the subjects of a unit, with how many values each has (about)."""
    columns = columns_of(reader.cursor) or {}
    names = sorted({attribute for attribute, _ in columns if ":" not in attribute})
    known = [(name, sql) for name in names if (sql := _value(columns, name)) is not None]
    if not known:
        return Rows(("attribute", "n"), [], reader.closed_until_at)
    counts = ", ".join(f"approx_count_distinct({sql})" for _, sql in known)
    ((people, *values),) = reader.rows(f"SELECT count(*), {counts} FROM register "
                                       f"WHERE unit = {quoted(question.unit)}").rows
    most = min(MOST_VALUES, people // 2)
    return Rows(("attribute", "n"), [(name, int(n)) for (name, _), n in zip(known, values, strict=True)
                                     if 2 <= n <= most], reader.closed_until_at)
