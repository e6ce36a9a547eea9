"""The census in SQL: one pass over the register's mirror counts the eligible subjects by audiences and bucket.

Rules, audiences and buckets are evaluated where the data is. Of each eligible subject one integer comes out, counted
here as it streams by: GROUP BY over two million places costs three times as much as decides them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import duckdb
import numpy as np
from duckdb_sqlalchemy import Dialect
from duckdb_sqlalchemy.datatypes import UBigInteger, UInteger
from sqlalchemy import Executable, case, cast, column, func, literal, literal_column, select, table

from rollout_core.errors import InvalidRequest
from rollout_core.flags.bucketing import BUCKETS, holdout_salt
from rollout_core.flags.targeting import EVERYBODY
from rollout_core.rollouts.census import Census, Group, Line, Population
from rollout_core.storage.reader import Reader
from rollout_core.storage.register_table import Columns, columns_of
from rollout_core.storage.rule_sql import Expression, rule_expression

REGISTER = table("register", column("unit"), column("id"))
WIDTH = 2 * BUCKETS
"""Places of one set of audiences: a subject's bucket, BUCKETS more when it is held out."""

MOST_AUDIENCES = 20
"""A subject's audiences travel as bits; so many sets of them can still be counted side by side."""

BATCH = 250_000
Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

DIALECT = Dialect(paramstyle="numeric_dollar")


def answer(reader: Reader, question: Population) -> Census:
    """The census as an answer of the event store."""
    return count_population(reader.cursor, question)


def count_population(cursor: duckdb.DuckDBPyConnection, population: Population) -> Census:
    """Counts the population in the register's mirror; nobody when there is no mirror. Raises InvalidRequest."""
    columns = columns_of(cursor)
    if columns is None:
        return Census({})
    if len(_asked(population)) > MOST_AUDIENCES:
        raise InvalidRequest(f"The plan has more than {MOST_AUDIENCES} audiences with a rule.",
                             mend="Join some of them.", audiences=len(population.audiences))
    sql, parameters = compiled(census_query(population, columns))
    batches = cursor.execute(sql, parameters).to_arrow_reader(BATCH)
    return Census(dict(_groups(population, (batch.column(0).to_numpy().astype(np.int64) for batch in batches))))


def census_query(population: Population, columns: Columns) -> Executable:
    """One integer per eligible subject: WIDTH times the bits of its audiences, plus its bucket and side."""
    memberships = memberships_of(population, columns)
    bits: Expression = literal_column("0")
    for bit, audience in enumerate(_asked(population)):
        bits = bits + case((memberships[audience], literal_column(str(2 ** bit * WIDTH))), else_=literal_column("0"))
    place = bits + held_out(population, memberships) + bucket(population.salt)
    eligible = rule_expression(population.eligibility, columns, population.anchors.eligibility)
    return select(cast(place, _integer(population)).label("place")).select_from(REGISTER).where(
        REGISTER.c.unit == literal(population.unit), eligible)


def memberships_of(population: Population, columns: Columns) -> dict[str, Expression]:
    """Audience -> the condition that a subject belongs to it."""
    return {audience.key: rule_expression(audience.rule, columns, population.anchors.audience(audience.key))
            for audience in population.audiences}


def bucket(salt: str) -> Expression:
    """A subject's bucket under a salt: `flags.bucketing.bucket_of` in SQL."""
    digest = func.md5_number(literal(f"{salt}:").op("||")(REGISTER.c.id))
    low = digest.op("&")(literal_column("18446744073709551615::UHUGEINT"))
    return cast(low, UBigInteger) % literal_column(str(BUCKETS))


def held_out(population: Population, memberships: dict[str, Expression]) -> Expression:
    """BUCKETS for subjects that the holdout keeps out, else 0; its bucket is computed only for those it draws from."""
    if not population.holdout.buckets or not population.audiences:
        return literal_column("0")
    named = population.holdout.audiences or (population.audiences[-1].key,)
    drawn_from: Expression = literal_column("false")
    for key in named:
        drawn_from = drawn_from | memberships[key] if key in memberships else drawn_from
    inside = bucket(holdout_salt(population.salt)) < literal(population.holdout.buckets)
    none: Expression = literal_column("0")
    return case((drawn_from, case((inside, literal_column(str(BUCKETS))), else_=none)), else_=none)


def compiled(statement: Executable) -> tuple[str, list[object]]:
    """A statement as DuckDB takes it: its text and the values bound to it."""
    ready = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
    return str(ready), [ready.params[name] for name in ready.positiontup]


def _asked(population: Population) -> list[str]:
    """The audiences that not everybody belongs to, in the order of their bits."""
    return [audience.key for audience in population.audiences if audience.rule != EVERYBODY]


def _integer(population: Population) -> type[UInteger] | type[UBigInteger]:
    """The narrowest integer that holds every place."""
    return UInteger if 2 ** len(_asked(population)) * WIDTH < 2 ** 32 else UBigInteger


def _groups(population: Population, batches: Iterable[Places]) -> Iterable[tuple[Group, Line]]:
    """From places to subjects in bucket order per group."""
    everybody = {audience.key for audience in population.audiences if audience.rule == EVERYBODY}
    asked = _asked(population)
    for bits, counts in _counted(batches, 2 ** len(asked)):
        members = frozenset(key for bit, key in enumerate(asked) if bits >> bit & 1) | everybody
        for held_out in (False, True):
            subjects = counts[BUCKETS:] if held_out else counts[:BUCKETS]
            buckets = np.flatnonzero(subjects)
            if buckets.size:
                before = np.concatenate(([0], np.cumsum(subjects[buckets])))
                yield (members, held_out), Line(_packed(buckets), _packed(before))


def _counted(batches: Iterable[Places], sets: int) -> Iterable[tuple[int, Places]]:
    """How often each place came by, for each set of audiences that anybody belongs to."""
    row_of = np.full(sets, -1, np.int64)
    counts = np.zeros((0, WIDTH), np.int64)
    for places in batches:
        found, rest = np.divmod(places, WIDTH)
        new = [bits for bits in np.flatnonzero(np.bincount(found, minlength=sets)) if row_of[bits] < 0]
        if new:
            row_of[new] = np.arange(len(counts), len(counts) + len(new))
            counts = np.concatenate([counts, np.zeros((len(new), WIDTH), np.int64)])
        np.add.at(counts.reshape(-1), row_of[found] * WIDTH + rest, 1)
    for bits in np.flatnonzero(row_of >= 0):
        yield int(bits), counts[row_of[bits]]


def _packed(numbers: Places) -> array[int]:
    """Non-negative integers in four bytes each."""
    return array("I", numbers.astype(np.uint32).tobytes())
