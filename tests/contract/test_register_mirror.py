"""The register's mirror: whole rows, typed columns that appear when needed, and gone when forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from rollout_core.metrics.subject_key import subject_key
from rollout_core.storage.event_arrow import KeyRing
from rollout_core.storage.register_table import Kind, cells_of, columns_of, forget_subject, upsert_subjects


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        yield connection


def rows(cursor: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[object, ...]]:
    return cursor.execute(f"SELECT {columns} FROM register ORDER BY unit, id").fetchall()


def test_a_subject_is_written_whole_and_the_last_row_of_an_id_counts(cursor: duckdb.DuckDBPyConnection):
    assert upsert_subjects(cursor, "user", [("u1", {"tier": "free", "age": 5}), ("u2", {}), ("u2", {"age": 7})]) == 2
    assert upsert_subjects(cursor, "user", [("u1", {"tier": "pro"})]) == 1
    assert rows(cursor, "id, s_tier, n_age") == [("u1", "pro", None), ("u2", None, 7.0)]


def test_the_same_id_in_two_units_is_two_subjects(cursor: duckdb.DuckDBPyConnection):
    upsert_subjects(cursor, "user", [("x", {"tier": "free"})])
    upsert_subjects(cursor, "workspace", [("x", {"tier": "pro"})])
    upsert_subjects(cursor, "workspace", [("x", {"tier": "max"})])
    assert rows(cursor, "unit, s_tier") == [("user", "free"), ("workspace", "max")]


def test_any_text_may_name_an_attribute(cursor: duckdb.DuckDBPyConnection):
    names = ["tier", "Tier", "TIER", 'quo"te', "", "select", "ünï", "_2", "a b; DROP TABLE register"]
    upsert_subjects(cursor, "user", [("u1", {name: name for name in names})])
    columns = columns_of(cursor)
    assert columns is not None
    assert {name: rows(cursor, columns[name, Kind.TEXT])[0][0] for name in names} == {name: name for name in names}


def test_an_attribute_of_two_kinds_has_a_column_for_each(cursor: duckdb.DuckDBPyConnection):
    upsert_subjects(cursor, "user", [("u1", {"x": "5"}), ("u2", {"x": 5}), ("u3", {"x": True}), ("u4", {"x": ("5",)})])
    assert rows(cursor, "s_x, n_x, b_x, l_x") == [
        ("5", None, None, None), (None, 5.0, None, None), (None, None, True, None), (None, None, None, "\x1f5\x1f")]


def test_a_text_that_is_an_instant_is_kept_as_both_in_utc():
    assert cells_of("2026-02-01T01:00:00+01:00") == [
        (Kind.TEXT, "2026-02-01T01:00:00+01:00"), (Kind.INSTANT, datetime(2026, 2, 1))]
    assert cells_of(datetime(2026, 2, 1, tzinfo=UTC)) == [(Kind.INSTANT, datetime(2026, 2, 1))]
    assert cells_of("2026") == [(Kind.TEXT, "2026")]


@pytest.mark.parametrize("value", [None, float("nan"), {"a": 1}, object()])
def test_what_no_rule_could_match_is_not_kept(value: object):
    assert cells_of(value) == []


def test_a_subject_carries_the_key_that_joins_it_to_its_events(cursor: duckdb.DuckDBPyConnection):
    upsert_subjects(cursor, "user", [("u1", {})], KeyRing(b"secret"))
    assert rows(cursor, "subject_key") == [(subject_key(b"secret", "user", "u1"),)]


def test_forgetting_removes_the_subject_and_no_other(cursor: duckdb.DuckDBPyConnection):
    upsert_subjects(cursor, "user", [("u1", {}), ("u2", {})])
    upsert_subjects(cursor, "workspace", [("u1", {})])
    assert (forget_subject(cursor, "user", "u1"), forget_subject(cursor, "user", "u1")) == (1, 0)
    assert rows(cursor, "unit, id") == [("user", "u2"), ("workspace", "u1")]


def test_forgetting_in_a_store_without_a_mirror_is_no_error(cursor: duckdb.DuckDBPyConnection):
    assert forget_subject(cursor, "user", "u1") == 0


def test_who_left_the_register_is_taken_out_of_its_own_unit_only(cursor: duckdb.DuckDBPyConnection):
    upsert_subjects(cursor, "user", [("x", {"tier": "free"}), ("y", {"tier": "pro"})])
    upsert_subjects(cursor, "workspace", [("x", {"tier": "max"})])
    assert upsert_subjects(cursor, "user", [("x", None), ("y", {"tier": "max"}), ("nobody", None)]) == 3
    assert rows(cursor, "unit, id, s_tier") == [("user", "y", "max"), ("workspace", "x", "max")]
    assert upsert_subjects(cursor, "user", [("y", None), ("y", {"tier": "free"})]) == 1
    assert rows(cursor, "id, s_tier") == [("y", "free"), ("x", "max")]
