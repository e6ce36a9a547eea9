"""Events that were prepared before they are written are stored as all others are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from rollout_core.errors import StoreUnavailable
from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.event_sheet import sheets_of
from rollout_core.ports.event_store import Batch, Prepared
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.event_tables import event_table
from tests.fakes.made_events import at, batch, exposed, made, request

SECRET = b"s" * 32


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    """A store that knows the units `workspace` and `user`."""
    opened = DuckdbEventStore(None, SECRET)
    opened.write(batch(made(Kind.PAGE_VIEW, 0.0, page="/", event_id="first", units={"workspace": "w", "user": "u"})))
    yield opened
    opened.close()


def of_every_kind() -> list[Accepted]:
    """Two events of every kind, with whatever its columns are made of."""
    both = {"units": {"workspace": "w1", "user": "u1"}}
    one = {
        Kind.EXPOSURE: {"rollout": "ex", "unit": "user", "arm": "control", "epoch": 1, "inclusion": 10, "cluster": "c",
                        "reason": "in_by_bucket", "variant": "on", "phase": "p1", "flag": "F"},
        Kind.FEATURE_USE: {"flag": "F", "name": "drag", "value": 2.5},
        Kind.SESSION: {"session": "s1", "value": 60_000.0},
        Kind.PAGE_VIEW: {"page": "/a", "session": "s1"}, Kind.TASK: {"name": "t", "state": "completed"},
        Kind.WEB_VITAL: {"name": "CLS", "value": 0.1, "metric_id": "m", "load": "l", "page": "/a", "session": "s1"},
        Kind.API_REQUEST: {"endpoint": "/e", "status": 500, "value": 0.0005}, Kind.RENDER: {"name": "c", "value": 1.5},
        Kind.ERROR: {"category": "api", "message": "user 17", "name": "ApiError", "endpoint": "/e"},
        Kind.FEEDBACK: {"name": "nps", "value": 9.0, "comment": "good"}, Kind.SUPPORT_TICKET: {"severity": "high"},
        Kind.CONVERSION: {"name": "c", "value": 12.25}, Kind.HEALTH_CHECK: {"name": "db", "ok": False},
        Kind.SECURITY_ISSUE: {"severity": "low", "name": "x"}, Kind.CUSTOM: {"name": "x", "value": -1.5},
    }
    more = {"weight": 0.25, "release": "1.2", "device": "phone", "attributes": {"plan": "free"}, "sent_at": at(1.0)}
    return [made(kind, 1.0, event_id=f"{kind}-{place}", received=1.0 + place / 10, **both, **fields,
                 **(more if place else {})) for kind, fields in one.items() for place in (0, 1)]


def prepared(store: DuckdbEventStore, *events: Accepted) -> Prepared:
    """These events, prepared by the store."""
    found = store.prepare(sheets_of(events))
    assert found is not None
    return found


def stored(store: DuckdbEventStore) -> dict[Kind, list[tuple[Any, ...]]]:
    """Every row of every kind."""
    with store.database.cursor() as cursor:
        return {kind: cursor.execute(f"SELECT * FROM {event_table(kind)} ORDER BY event_id").fetchall()
                for kind in Kind}


def test_prepared_events_are_stored_as_those_that_are_not(store: DuckdbEventStore) -> None:
    other = DuckdbEventStore(None, SECRET)
    other.write(batch(made(Kind.PAGE_VIEW, 0.0, page="/", event_id="first", units={"workspace": "w", "user": "u"})))
    events = of_every_kind()
    store.write(Batch([], at(2.0), prepared=[prepared(store, *events)]))
    other.write(Batch(events, at(2.0)))
    found = stored(store)
    assert all(len(rows) == 2 + (kind is Kind.PAGE_VIEW) for kind, rows in found.items())
    assert found == stored(other)
    other.close()


def test_a_batch_of_both_sorts_stores_each_event_once(store: DuckdbEventStore) -> None:
    known, twice, fresh = request(1.0), request(1.1), request(1.2)
    store.write(batch(known))
    parts = [prepared(store, known, twice), prepared(store, twice)]
    written = store.write(Batch([twice, fresh], at(2.0), prepared=parts))
    assert (written.stored, written.duplicates) == (2, 3)
    assert written.known == {("api_request", known.event.event_id)}
    assert len(stored(store)[Kind.API_REQUEST]) == 3


def test_what_was_prepared_says_its_names(store: DuckdbEventStore) -> None:
    events = [request(1.0, event_id="a"), exposed(1.0, "u1", "control", event_id="b")]
    found = prepared(store, *events)
    assert (found.count, found.names()) == (2, [("api_request", "a"), ("exposure", "b")])


@pytest.mark.parametrize("event", [
    made(Kind.PAGE_VIEW, 1.0, page="/", units={"tenant": "t"}), made(Kind.CUSTOM, 1.0, name="x", unit="tenant"),
    Accepted(replace(request(1.0).event, status=10**6), at(1.0), at(1.0), True),
], ids=["a unit of its own", "a unit without a subject", "a value that no column holds"])
def test_what_only_a_write_can_take_or_refuse_is_not_prepared(store: DuckdbEventStore, event: Accepted) -> None:
    assert store.prepare(sheets_of([request(1.0), event])) is None


def test_events_prepared_for_another_store_are_not_stored(store: DuckdbEventStore) -> None:
    other = DuckdbEventStore(None, SECRET)
    other.write(batch(made(Kind.PAGE_VIEW, 0.0, page="/", units={"account": "a", "user": "u"})))
    with pytest.raises(StoreUnavailable, match="replaced"):
        store.write(Batch([], at(2.0), prepared=[prepared(other, request(1.0))]))
    assert stored(store)[Kind.API_REQUEST] == []
    other.close()
