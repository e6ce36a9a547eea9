"""One rule, two engines: SQL over the register's mirror and Python's evaluation must decide every subject alike."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from rollout_core.errors import InvalidRequest
from rollout_core.flags import Arm, ServedRollout, compile_rollout, evaluate
from rollout_core.flags.anchors import Anchors, Looks
from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import bucket_of
from rollout_core.flags.flag import Flag
from rollout_core.flags.holdout import NO_HOLDOUT, Holdout
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule
from rollout_core.rollouts.census import Census, Difference, Moved, Population, Served
from rollout_core.storage.census import MOST_AUDIENCES, REGISTER, bucket, compiled, count_population
from rollout_core.storage.census_moves import count_moved
from rollout_core.storage.register_table import columns_of, upsert_subjects
from rollout_core.storage.rule_sql import OPERATORS, rule_expression
from tests.fakes.registers import Subjects, census_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
POPULATION = Population("user", "salt", EVERYBODY, (Audience("everyone", "Everyone", EVERYBODY),), (), NO_HOLDOUT,
                        Anchors.at(AT))

TEXTS = st.one_of(st.sampled_from(["pro", "free", "", "a", "ab", "Ünï薬", "'; DROP TABLE register; --", "%_", "\\",
                                   "\\u", "\x1f", "2026-02-01T00:00:00Z", "2026-02-01"]),
                  st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.0, 1e300, float("inf"), float("nan"), 10**400]),
                    st.floats(allow_nan=False, width=32))
INSTANTS = st.integers(-90, 5).map(lambda days: (AT + timedelta(days=days)).isoformat())
VALUES = st.one_of(TEXTS, NUMBERS, st.booleans(), INSTANTS, st.none(), st.lists(TEXTS, max_size=3).map(tuple),
                   st.just(AT), st.just({"odd": 1}), st.just([["nested"], 5]))
NAMES = st.sampled_from(["tier", "Tier", "roles", "odd name", 'quo"te', "created_at", "_x", "select"])
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=4)
NUMERIC = {Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST}
AGES = {Operator.OLDER_THAN_DAYS, Operator.NEWER_THAN_DAYS}
SEVERAL = {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_NONE}
FINITE = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False, width=32))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A condition with values of the kind its operator takes."""
    operator = draw(st.sampled_from(list(Operator)))
    if operator is Operator.EXISTS:
        return Condition(draw(NAMES), operator)
    scalars = st.one_of(TEXTS, FINITE, st.booleans())
    values = (draw(st.lists(scalars, max_size=3)) if operator in SEVERAL else
              [draw(FINITE)] if operator in NUMERIC else
              [draw(st.sampled_from([0, 0.5, 1, 30, 45]))] if operator in AGES else [draw(scalars)])
    return Condition(draw(NAMES), operator, tuple(values))


RULES: st.SearchStrategy[Rule] = st.recursive(
    conditions(), lambda inner: st.one_of(st.builds(lambda rules: AllOf(tuple(rules)), st.lists(inner, max_size=3)),
                                          st.builds(lambda rules: AnyOf(tuple(rules)), st.lists(inner, max_size=3))),
    max_leaves=6)


@pytest.fixture(scope="module")
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 1")
        yield connection


def mirrored(cursor: duckdb.DuckDBPyConnection, subjects: Subjects) -> None:
    """A mirror with nothing but these subjects; its columns stay."""
    upsert_subjects(cursor, "user", [])
    cursor.execute("DELETE FROM register")
    upsert_subjects(cursor, "user", subjects)


def seen(census: Census) -> dict[Any, Any]:
    """A census as plain values."""
    return {group: (list(line.buckets), list(line.before)) for group, line in census._lines.items()}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ATTRIBUTES, min_size=1, max_size=8), RULES)
@example([{"tier": 5}, {"tier": "x"}, {}], Condition("tier", Operator.NOT_EQUALS, ("x",)))
@example([{"roles": ("a\x1fb",)}, {"roles": ("a", "b")}], Condition("roles", Operator.HAS_ANY, ("a\x1fb",)))
@example([{"roles": ("\\u",)}, {"roles": ("\x1f",)}], Condition("roles", Operator.HAS_NONE, ("\x1f",)))
@example([{"tier": "a\0b"}], Condition("tier", Operator.CONTAINS, ("\0",)))
def test_sql_and_python_agree_on_every_rule_and_subject(
        cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]], rule: Rule):
    subjects = [(f"u{number}-薬", attributes) for number, attributes in enumerate(rows)]
    mirrored(cursor, subjects)
    columns = columns_of(cursor)
    assert columns is not None
    condition = rule_expression(rule, columns, Looks.at(AT))
    sql, parameters = compiled(select(REGISTER.c.id).select_from(REGISTER).where(condition))
    in_sql = {row[0] for row in cursor.execute(sql, parameters).fetchall()}
    served = ServedRollout("r", "user", "p", 1, "running", "one", 1, AT, 1, "salt", eligibility=rule,
                           audiences=POPULATION.audiences, thresholds={"everyone": 100_000}, flags=(Flag("f", "F"),),
                           served=frozenset({"f"}))
    ready = compile_rollout(served)
    in_python = {subject for subject, attributes in subjects
                 if evaluate(ready, "f", subject, attributes, AT).arm is Arm.TREATMENT}
    assert in_sql == in_python


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ATTRIBUTES, max_size=12), RULES, st.lists(RULES, max_size=3), st.sampled_from([0, 30_000, 100_000]),
       st.booleans())
def test_the_census_in_sql_is_the_census_in_python(
        cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]], eligibility: Rule, rules: list[Rule],
        holdout: int, named: bool):
    subjects = [(f"Ü{number}", attributes) for number, attributes in enumerate(rows)]
    mirrored(cursor, subjects)
    audiences = (*(Audience(f"a{place}", "", rule) for place, rule in enumerate(rules)), *POPULATION.audiences)
    population = replace(POPULATION, eligibility=eligibility, audiences=audiences,
                         holdout=Holdout(holdout, (audiences[0].key, "gone") if named else ()))
    assert seen(count_population(cursor, population)) == seen(census_of(population, subjects))


def inside(served: Served, subjects: Subjects) -> set[str]:
    """Who is in, by evaluation with all its reasons."""
    population = served.population
    compiled_rollout = compile_rollout(ServedRollout(
        "r", "user", "p", 1, "running", "one", 1, AT, 1, "salt", eligibility=population.eligibility,
        audiences=population.audiences, thresholds=served.thresholds, holdout=population.holdout,
        anchors=population.anchors, flags=(Flag("f", "F"),), served=frozenset({"f"})))
    return {subject for subject, attributes in subjects
            if evaluate(compiled_rollout, "f", subject, attributes, AT).arm is Arm.TREATMENT}


INSTANTS = st.builds(lambda days: AT + timedelta(days=days), st.sampled_from([-40, -8, -1, 0, 5, 33]))
ANCHORS = st.builds(Anchors, INSTANTS, INSTANTS, st.dictionaries(st.sampled_from(["a", "everyone"]), INSTANTS))
SIDES = st.builds(
    lambda eligibility, rule, holdout, of_a, of_all, anchors: Served(
        replace(POPULATION, eligibility=eligibility, holdout=Holdout(holdout), anchors=anchors,
                audiences=(Audience("a", "A", rule), *POPULATION.audiences)),
        {"a": of_a, "everyone": of_all, "gone": 5}),
    RULES, RULES, st.sampled_from([0, 40_000]), st.sampled_from([0, 50_000, 100_000]), st.sampled_from([0, 30_000]),
    ANCHORS)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ATTRIBUTES, max_size=12), SIDES, SIDES)
def test_who_enters_and_who_leaves_are_counted_subject_by_subject(
        cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]], before: Served, after: Served):
    subjects = [(f"u{number}", attributes) for number, attributes in enumerate(rows)]
    mirrored(cursor, subjects)
    was_in, is_in = inside(before, subjects), inside(after, subjects)
    assert count_moved(cursor, Difference(before, after)) == Moved(len(is_in - was_in), len(was_in - is_in))
    for side, who in ((before, was_in), (after, is_in)):
        assert count_population(cursor, side.population).enrolled(side.thresholds) == len(who)


def test_every_operator_is_compiled_to_sql():
    assert set(OPERATORS) == set(Operator)


UNICODE = ["user", "Ünal", "薬局", "💊", "Ωmega", "ключ", "a'b\"c", "tab\t", "%s", ":", "é", "é"]


def ids() -> list[str]:
    """100,000 subjects in many scripts."""
    return [f"{UNICODE[number % len(UNICODE)]}-{number}" for number in range(100_000)]


def test_buckets_of_100_000_unicode_ids_are_the_same_in_sql_and_python(cursor: duckdb.DuckDBPyConnection):
    mirrored(cursor, [(subject, {}) for subject in ids()])
    sql, parameters = compiled(select(REGISTER.c.id, bucket("sälz")).select_from(REGISTER))
    found = dict(cursor.execute(sql, parameters).fetchall())
    assert found == {subject: bucket_of("sälz", subject) for subject in ids()}


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_buckets_of_100_000_unicode_ids_are_the_same_in_javascript():
    script = """
        const crypto = require('crypto');
        const ids = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        process.stdout.write(JSON.stringify(ids.map(id => Number(
            crypto.createHash('md5').update('sälz:' + id, 'utf8').digest().readBigUInt64LE(0) % 100000n))));
    """
    told = subprocess.run(["node", "-e", script], input=json.dumps(ids()), capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [bucket_of("sälz", subject) for subject in ids()]


def test_a_store_without_a_mirror_counts_nobody():
    with duckdb.connect(":memory:") as empty:
        assert count_population(empty, POPULATION).eligible() == 0


def test_another_units_subjects_are_not_counted(cursor: duckdb.DuckDBPyConnection):
    mirrored(cursor, [("u1", {})])
    upsert_subjects(cursor, "workspace", [("w1", {}), ("w2", {})])
    assert count_population(cursor, POPULATION).eligible() == 1
    assert count_population(cursor, replace(POPULATION, unit="workspace")).eligible() == 2


def test_twenty_audiences_with_a_rule_are_counted_and_one_more_is_refused(cursor: duckdb.DuckDBPyConnection):
    subjects = [(f"u{number}", {"tier": str(number)}) for number in range(30)]
    mirrored(cursor, subjects)
    audiences = tuple(Audience(str(number), "", Condition("tier", Operator.EQUALS, (str(number),)))
                      for number in range(MOST_AUDIENCES))
    census = count_population(cursor, replace(POPULATION, audiences=audiences))
    assert [census.size(str(number)) for number in range(MOST_AUDIENCES)] == [1] * MOST_AUDIENCES
    with pytest.raises(InvalidRequest, match="more than 20 audiences"):
        count_population(cursor, replace(POPULATION, audiences=(*audiences, replace(audiences[0], key="one more"))))


def test_values_are_bound_and_never_part_of_the_sql(cursor: duckdb.DuckDBPyConnection):
    mirrored(cursor, [("u1", {"tier": "x"})])
    columns = columns_of(cursor)
    assert columns is not None
    poison = "'; DROP TABLE register; --"
    for operator in (Operator.EQUALS, Operator.IN, Operator.CONTAINS, Operator.STARTS_WITH):
        sql, parameters = compiled(select(REGISTER.c.id).where(
            rule_expression(Condition("tier", operator, (poison,)), columns, Looks.at(AT))))
        assert "DROP" not in sql
        assert poison in parameters
