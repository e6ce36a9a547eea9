"""The newest event of each kind: wherever it lies, however long the kind has been silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import LastSeen
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import at, batch, made


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    opened = DuckdbEventStore(None, b"s" * 32)
    opened.mirror([MirroredRollout("ex", "user")], [MirroredEpoch("ex", 1, at(0))])
    yield opened
    opened.close()


def came(store: DuckdbEventStore, *events: tuple[Kind, float], received: float) -> None:
    store.write(batch(*(made(kind, hour, "ann", received=received, **OWN.get(kind, {})) for kind, hour in events),
                      received=received))


OWN = {Kind.FEATURE_USE: {"flag": "F"}, Kind.SESSION: {"session": "s", "value": 1.0}}


def newest(store: DuckdbEventStore) -> dict[str, datetime]:
    return {kind: when for kind, when in store.measure(LastSeen()).rows if when is not None}


def test_before_the_first_pass_every_event_is_looked_at(store: DuckdbEventStore) -> None:
    came(store, (Kind.SESSION, 1), (Kind.SESSION, 3), (Kind.FEATURE_USE, 2), received=4)
    assert newest(store) == {"session": at(3), "feature_use": at(2)}


def test_kinds_that_are_silent_for_days_are_told_beside_those_that_come(store: DuckdbEventStore) -> None:
    came(store, (Kind.FEATURE_USE, 1), (Kind.SESSION, 2), received=3)
    came(store, (Kind.SESSION, 100), received=100)
    store.close_windows(at(100.5))
    came(store, (Kind.SESSION, 100.6), received=100.6)
    assert newest(store) == {"session": at(100.6), "feature_use": at(1)}


def test_old_events_that_come_late_are_not_the_newest(store: DuckdbEventStore) -> None:
    came(store, (Kind.SESSION, 100), received=100)
    store.close_windows(at(100.5))
    came(store, (Kind.SESSION, 7), (Kind.FEATURE_USE, 8), received=100.6)
    assert newest(store) == {"session": at(100), "feature_use": at(8)}


def test_how_many_there_are_is_counted_where_it_is_asked(store: DuckdbEventStore) -> None:
    came(store, (Kind.SESSION, 1), (Kind.SESSION, 100), (Kind.FEATURE_USE, 2), received=100)
    store.close_windows(at(100.5))
    found = {kind: (when, many) for kind, when, many in store.measure(LastSeen(counted=True)).rows}
    assert (found["session"], found["feature_use"], found["error"]) == ((at(100), 2), (at(2), 1), (None, 0))
