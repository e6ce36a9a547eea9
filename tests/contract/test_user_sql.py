"""People's SQL: what it may not do, and what stops it when it takes too long, too much, or is no longer wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rollout_core.errors import QueryRefused
from rollout_core.insight.ready_questions import SHIPPED, Question
from rollout_core.storage import query_watch
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.sql_functions import check_function
from rollout_core.storage.sql_sandbox import LONGEST_SQL, check
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
OTHER_CALLS = ("SELECT sleep_ms(60000)", "SELECT from_json('[1]', '[\"INT\"]')",
               "SELECT reservoir_quantile(value, 0.5, 2000000000) FROM api_requests",
               "SELECT json_serialize_plan('SELECT * FROM dead_letter')", "SELECT max(value, 900000) FROM api_requests",
               "SELECT array_to_string_comma_default(['a', 'b'], sep := 'longer than sixteen')",
               "SELECT NULL::INTEGER[100000][100000]", "SELECT not_yet_there(value) FROM api_requests")
"""What waits, ends the process, ends the database, tells of other tables, keeps room for any number, multiplies, makes
10 GB of a type, and what no version of DuckDB has so far."""


def within(times: int, first: str, step: str) -> str:
    """A query in a query, `times` deep; {} in `step` is the one below."""
    for _ in range(times):
        first = step.format(f"({first})")
    return first


def one_after_the_other(times: int, first: str, step: str) -> str:
    """A chain of WITH clauses; {} in `step` is the one before."""
    more = "".join(f", c{number} AS ({step.format(f'c{number - 1}')})" for number in range(1, times))
    return f"WITH c0 AS ({first}){more} SELECT * FROM c{times - 1}"


GROWS = {
    "a structure of itself": within(60, "SELECT 1 AS s", "SELECT {{a: s, b: s}} AS s FROM {}"),
    "a text of itself": one_after_the_other(28, "SELECT endpoint AS t FROM api_requests", "SELECT t || t AS t FROM {}"),
    "a long text": one_after_the_other(8, f"SELECT '{'x' * 9_000}' AS t", "SELECT concat(t, t) AS t FROM {}"),
    "in a subquery": within(28, "SELECT 'x' AS t", "SELECT (SELECT t || t AS t FROM {}) AS t"),
    "names of the same SELECT": "SELECT 1 AS a0, " + ", ".join(f"a{n} + a{n} AS a{n + 1}" for n in range(30)),
    "its texts": "SELECT 'x' AS a0, " + ", ".join(f"a{n} || a{n} AS a{n + 1}" for n in range(10)),
    "columns": within(20, "SELECT 1 AS a", "SELECT *, * FROM {}"),
    "joined with itself": one_after_the_other(18, "SELECT 1 AS a", "SELECT * FROM {0} AS x, {0} AS y"),
    "tables": "SELECT count(*) FROM " + " NATURAL JOIN ".join(["api_requests"] * 80),
    "tables of a WITH clause": one_after_the_other(7, "SELECT 1 FROM api_requests", "SELECT 1 FROM {0} x, {0} y"),
    "in a condition": "SELECT 1 FROM sessions s JOIN sessions t ON EXISTS (SELECT 1 FROM "
                      + ", ".join(["sessions"] * 41) + ")",
    "groupings": f"SELECT count(*) FROM api_requests GROUP BY CUBE({', '.join(f'value + {n}' for n in range(12))})",
    "what repeats": "WITH RECURSIVE r AS (SELECT 'x' AS t UNION ALL SELECT t || t || t FROM r) SELECT max(t) FROM r",
    "nesting": "SELECT " + "[" * 500 + "1" + "]" * 500,
}


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


@pytest.mark.parametrize(("sql", "near"), [
    ("SELECT category, date_trunc('week', at) FROM errors", "date_trunc('week', at)"),
    ("EXPLAIN SELECT value FRM x WHERE 1", "value FRM x"), ("-- weeks\n(FROM errors SELECT 'ä', )x", "'ä', )x"),
    ("WITH a AS (SELECT 1) SELECT * FROM a WHERE", "FROM a WHERE")])
def test_a_mistyped_select_is_told_where_it_is_wrong_and_not_that_it_had_to_be_a_select(
        store: DuckdbEventStore, sql: str, near: str) -> None:
    with pytest.raises(QueryRefused, match="syntax error at ") as refused:
        store.query(sql)
    assert near in refused.value.mend
    assert "view_columns" in refused.value.mend
    assert "Only SELECT" not in refused.value.mend


@pytest.mark.parametrize("sql", ["DELETE FROM", "SELEC 1", "EXPLAIN INSERT INTO", "DROP TABLE event_session"])
def test_another_kind_of_statement_is_told_that_only_reading_is_allowed(store: DuckdbEventStore, sql: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        store.query(sql)
    assert refused.value.mend == "Only SELECT and EXPLAIN are allowed."


@pytest.mark.parametrize("sql", OTHER_CALLS)
def test_a_function_that_is_not_known_to_be_harmless_is_not_called(store: DuckdbEventStore, sql: str) -> None:
    with pytest.raises(QueryRefused, match=r"may not be used|may keep"):
        store.query(sql)


def test_a_mistyped_function_is_named_as_it_is_written() -> None:
    with pytest.raises(QueryRefused) as refused:
        check_function({"function_name": "cuont", "children": []})
    assert refused.value.mend == "Did you mean count?"


@pytest.mark.parametrize("sql", GROWS.values(), ids=GROWS)
def test_what_would_multiply_before_anything_can_stop_it_is_refused_unrun(store: DuckdbEventStore, sql: str) -> None:
    with store.database.cursor() as cursor, pytest.raises(QueryRefused, match=r"The query"):
        check(cursor, sql)


@pytest.mark.parametrize("question", SHIPPED, ids=lambda each: each.id)
def test_the_ready_questions_may_be_asked(store: DuckdbEventStore, question: Question) -> None:
    with store.database.cursor() as cursor:
        check(cursor, question.sql)


@pytest.mark.parametrize("sql", [
    "SELECT replace(endpoint, '/api', ''), regexp_replace(endpoint, '[0-9]+', '#') FROM api_requests",
    "SELECT string_agg(DISTINCT endpoint, ', ' ORDER BY endpoint), concat_ws(' ', 'a', 'b') FROM api_requests",
    "SELECT row_number() OVER (ORDER BY value), list(endpoint) OVER () FROM api_requests",
    "SELECT date_trunc('hour', occurred_at), quantile_cont(value, 0.95) FROM api_requests GROUP BY ALL",
    "WITH a AS (SELECT concat(endpoint, ' ', status) AS x, * FROM api_requests), "
    "b AS (SELECT x || '-' || x AS y, * FROM a) "
    "SELECT string_agg(y, ', '), list(y) FROM b",
    "SELECT [k0, k1][1], {a: k0}.a, unnest([k0, k1]), extract(year FROM occurred_at), value::double / 3, -value, "
    "occurred_at AT TIME ZONE 'Europe/Berlin', date '2026-01-01' + interval 3 day, endpoint SIMILAR TO 'a', "
    "endpoint NOT LIKE 'a' ESCAPE '$', value BETWEEN 1 AND 2, endpoint[1:2] FROM api_requests",
    "SELECT value, value + 1 AS more, more + more AS twice, max(value) OVER (), lag(value) OVER (ORDER BY value) "
    "FROM api_requests QUALIFY row_number() OVER () = 1",
    "SELECT a.*, b.* EXCLUDE (endpoint), c.* FROM api_requests a JOIN api_requests b USING (value) "
    "JOIN api_requests c USING (value)",
    "SELECT endpoint, status, count(*) FILTER (WHERE value > 1), max(value, 3) FROM api_requests "
    "GROUP BY ROLLUP (endpoint, status)",
    f"SELECT count(*) FROM api_requests WHERE value NOT IN ({', '.join(['1'] * 6_000)})",
    "SELECT count(*) FROM (SELECT 1 FROM sessions UNION ALL SELECT 2 FROM api_requests UNION ALL SELECT 3 FROM errors)",
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
