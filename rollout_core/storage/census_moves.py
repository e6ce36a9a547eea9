"""Who enters and who leaves when rules, audiences or the holdout change: one pass over the register's mirror."""

from __future__ import annotations

import duckdb
from sqlalchemy import Executable, and_, case, false, func, literal, literal_column, not_, or_, select

from rollout_core.rollouts.census import Difference, Moved, Served
from rollout_core.storage.census import REGISTER, bucket, compiled, held_out, memberships_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.register_table import Columns, columns_of
from rollout_core.storage.rule_sql import Expression, rule_expression


def answer(reader: Reader, question: Difference) -> Moved:
    """The moves as an answer of the event store."""
    return count_moved(reader.cursor, question)


def count_moved(cursor: duckdb.DuckDBPyConnection, difference: Difference) -> Moved:
    """How many subjects are in after and not before, and the other way round; nobody without a mirror."""
    columns = columns_of(cursor)
    if columns is None:
        return Moved(0, 0)
    sql, parameters = compiled(moves_query(difference, columns))
    gained, lost = cursor.execute(sql, parameters).fetchall()[0]
    return Moved(gained, lost)


def moves_query(difference: Difference, columns: Columns) -> Executable:
    """One row: how many enter, how many leave."""
    sides = select(_inside(difference.before, columns).label("was_in"),
                   _inside(difference.after, columns).label("is_in")).select_from(REGISTER).where(
        REGISTER.c.unit == literal(difference.after.population.unit)).subquery()
    was_in, is_in = sides.c.was_in, sides.c.is_in
    return select(func.count(case((and_(is_in, not_(was_in)), literal_column("1")))),
                  func.count(case((and_(was_in, not_(is_in)), literal_column("1")))))


def _inside(served: Served, columns: Columns) -> Expression:
    """Eligible, below the threshold of an audience, and not held out; never NULL."""
    population = served.population
    memberships = memberships_of(population, columns)
    drawn = bucket(population.salt)
    reached = or_(false(), *(and_(memberships[key], drawn < literal(threshold))
                             for key, threshold in served.thresholds.items() if threshold and key in memberships))
    eligible = rule_expression(population.eligibility, columns, population.anchors.eligibility)
    kept_in = held_out(population, memberships) == literal_column("0")
    return func.coalesce(and_(eligible, reached, kept_in), false())
