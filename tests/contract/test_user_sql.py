"""People's SQL: what it may not do, and what stops it when it takes too long, too much, or is no longer wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rollout_core.errors import QueryRefused
from rollout_core.storage import query_watch
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.sql_sandbox import LONGEST_SQL
from tests.fakes.made_events import batch, request

ENDLESS = "SELECT count(*) FROM range(1000000000000)"
WRITES = ("COPY (SELECT 1) TO 'x.csv'", "COPY api_requests FROM 'x.csv'", "EXPORT DATABASE 'x'",
          "CREATE TABLE t (i int)",
          "CREATE TEMP TABLE t AS SELECT 1", "CREATE MACRO f() AS 1", "INSERT INTO event_api_request VALUES (1)",
          "UPDATE event_api_request SET value = 0", "DROP TABLE event_session", "TRUNCATE event_session",
          "CHECKPOINT",
          "VACUUM", "WITH a AS (INSERT INTO store_meta VALUES ('a', 'b')) SELECT 1", "PREPARE p AS SELECT 1",
          "USE memory",
          "EXPLAIN ANALYZE DELETE FROM event_session", "SELECT nextval('s')")
READS_ELSEWHERE = ("SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/passwd')",
                   "SELECT * FROM glob('/*')", "FROM 'x.parquet'", "SELECT * FROM sniff_csv('x')",
                   "SELECT getenv('HOME')",
                   "SELECT * FROM parquet_metadata('x')", "ATTACH 'x.db'", "LOAD httpfs",
                   "SELECT * FROM duckdb_secrets()",
                   "SELECT * FROM json_execute_serialized_sql('x')", "SELECT * FROM pg_catalog.pg_class",
                   "SELECT getvariable('x')", "SELECT * FROM dead_letter", "SELECT * FROM main.dead_letter",
                   "SUMMARIZE sessions", "SHOW TABLES", "SELECT current_query()")
MULTIPLIES = ("SELECT repeat('x', 9)", "SELECT bar(1, 0, 1, 99)", "SELECT levenshtein('a', 'b')",
              "SELECT replace(endpoint, 'a', 'bb') FROM api_requests",
              "SELECT replace(endpoint, 'a', endpoint) FROM api_requests",
              "SELECT regexp_replace(endpoint, '.', 'xx', 'g') FROM api_requests",
              "SELECT list_transform([1], x -> [x, x])", "SELECT [x for x in [1]]",
              "SELECT string_agg(endpoint, endpoint) FROM api_requests",
              "SELECT string_agg(endpoint, endpoint) OVER () FROM api_requests",
              "SELECT concat_ws(endpoint, 'a', 'b') FROM api_requests",
              "SELECT array_to_string(['a', 'b'], 'longer than sixteen')", f"SELECT {'1 + ' * LONGEST_SQL}1")


@pytest.fixture(scope="module")
def store() -> Iterator[DuckdbEventStore]:
    """In memory, with one request."""
    opened = DuckdbEventStore(None, b"s" * 32)
    opened.write(batch(request(2.0)))
    yield opened
    opened.close()


@pytest.mark.parametrize("sql", [*WRITES, *READS_ELSEWHERE, *MULTIPLIES])
def test_a_query_cannot_write_read_elsewhere_or_multiply(store: DuckdbEventStore, sql: str) -> None:
    with pytest.raises(QueryRefused):
        store.query(sql)


@pytest.mark.parametrize("sql", [
    "SELECT replace(endpoint, '/api', ''), regexp_replace(endpoint, '[0-9]+', '#') FROM api_requests",
    "SELECT string_agg(DISTINCT endpoint, ', ' ORDER BY endpoint), concat_ws(' ', 'a', 'b') FROM api_requests",
    "SELECT row_number() OVER (ORDER BY value), list(endpoint) OVER () FROM api_requests",
    "SELECT date_trunc('hour', occurred_at), quantile_cont(value, 0.95) FROM api_requests GROUP BY ALL",
    "VALUES (1)", "SELECT * FROM unnest([1, 2])"])
def test_what_analysts_ask_is_answered(store: DuckdbEventStore, sql: str) -> None:
    assert store.query(sql).rows


def test_an_answer_names_its_columns_and_their_types(store: DuckdbEventStore) -> None:
    found = store.query("SELECT endpoint, value, occurred_at FROM api_requests")
    assert (found.columns, found.types) == (("endpoint", "value", "occurred_at"), ("VARCHAR", "BIGINT", "TIMESTAMP"))


def test_every_column_of_every_view_is_described(store: DuckdbEventStore) -> None:
    described = store.query("SELECT view_name, column_name, column_type FROM view_columns").rows
    for view in {name for name, _, _ in described}:
        found = store.query(f"SELECT * FROM {view} LIMIT 0")
        assert [(name, kind) for shown, name, kind in described if shown == view] == list(
            zip(found.columns, found.types, strict=True)), view


def test_a_query_that_is_called_off_ends(store: DuckdbEventStore) -> None:
    called_off = threading.Event()
    threading.Timer(0.1, called_off.set).start()
    with pytest.raises(QueryRefused, match="called off"):
        store.query(ENDLESS, called_off=called_off)
    assert store.query("SELECT 1").rows == [(1,)]


def test_a_query_that_grows_too_large_ends_and_the_store_goes_on(
        store: DuckdbEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_watch, "MOST_GROWTH", 64 * 1024**2)
    with pytest.raises(QueryRefused, match="memory"):
        store.query("WITH RECURSIVE r AS (SELECT 'xxxxxxxxxxxxxxxx' AS t UNION ALL SELECT t || t FROM r) "
                    "SELECT max(length(t)) FROM r")
    store.write(batch(request(3.0)))
    assert store.query("SELECT count(*) FROM api_requests").rows == [(2,)]


def test_queries_wait_for_their_turn_and_then_give_up(store: DuckdbEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_watch, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(query_watch, "_TURNS", threading.BoundedSemaphore(1))
    with query_watch.turn(None), pytest.raises(QueryRefused, match="Other queries"):
        store.query("SELECT 1")
    assert store.query("SELECT 1").rows == [(1,)]


def test_a_waiting_query_can_be_called_off(store: DuckdbEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_watch, "_TURNS", threading.BoundedSemaphore(1))
    called_off = threading.Event()
    called_off.set()
    with query_watch.turn(None), pytest.raises(QueryRefused, match="called off"):
        store.query("SELECT 1", called_off=called_off)
