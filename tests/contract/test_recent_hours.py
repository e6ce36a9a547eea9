"""Histograms of the last hours are what the raw events of these hours say, whatever came, and are kept for two days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore, OneState
from tests.fakes.made_events import at, batch, exposed, made

ROLLOUTS = [MirroredRollout("ex", "user")]
EPOCHS = [MirroredEpoch("ex", 1, at(0)), MirroredEpoch("ex", 2, at(80))]
NOON = 24 * 4 + 12.5
"""Half past twelve on the fifth day."""
PEOPLE = tuple(f"p{number}" for number in range(16))
METRICS = ("vital:LCP", "request_duration", "session_duration")


def happened(dice: Random, since: float, until: float, count: int) -> Iterator[Accepted]:
    """Measurements of everybody, spread over some hours."""
    for number in range(count):
        hour, who, value = dice.uniform(since, until), dice.choice(PEOPLE), dice.uniform(0.01, 4)
        yield made(Kind.WEB_VITAL, hour, who, name="LCP", metric_id=f"{since}{number}", value=value, received=until)
        yield made(Kind.API_REQUEST, hour, who, endpoint="/a", status=200, value=value, received=until)
        yield made(Kind.SESSION, hour, who, session=f"{since}{number}", value=60 * value, received=until)


def filled(path: Path | None) -> DuckdbEventStore:
    store = DuckdbEventStore(path, b"s" * 32)
    store.mirror(ROLLOUTS, EPOCHS)
    store.write(batch(*(exposed(float(place), who, ("treatment", "control")[place % 2], 1, received=NOON)
                        for place, who in enumerate(PEOPLE)), *happened(Random(1), 0, NOON, 300), received=NOON))
    store.close_windows(at(NOON))
    return store


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    opened = filled(None)
    yield opened
    opened.close()


def same_as_raw(store: DuckdbEventStore, now: float) -> int:
    """Compares histograms of many stretches of the last days with raw events; how many counts that were."""
    compared = 0
    with store.one_state() as state:
        raw = OneState(replace(state.reader, hours_since_at=None))
        for hours in (0.4, 1, 1.5, 6, 13, 24, 30, 49):
            for question in (Histogram(Window(at(int(now - hours)), at(now)), METRICS, rollout, by, live=live)
                             for rollout in ("ex", None) for by in (("metric", "arm"), ("metric", "epoch", "day"))
                             for live in (False, True)):
                found = sorted(state.measure(question).rows)
                assert found == sorted(raw.measure(question).rows), question
                compared += sum(row[-1] for row in found)
    return compared


def kept(store: DuckdbEventStore) -> tuple[float, int]:
    """From which hour of the world on hours are kept, and how many hours are."""
    with store.database.cursor() as cursor:
        since = cursor.execute("SELECT date_diff('hour', ?::TIMESTAMP, reached_at) FROM watermark WHERE name = 'hours'",
                               [at(0).replace(tzinfo=None)]).fetchall()[0][0]
        return since, cursor.execute("SELECT count(DISTINCT hour) FROM hist_hour").fetchall()[0][0]


def late_events(store: DuckdbEventStore) -> None:
    store.write(batch(*happened(Random(2), NOON - 3, NOON - 1, 40), received=NOON))


def an_import_into_the_past(store: DuckdbEventStore) -> None:
    store.write(batch(*happened(Random(3), 24, NOON - 14, 90), received=NOON))


def a_change_of_sides(store: DuckdbEventStore) -> None:
    store.write(batch(*(exposed(NOON - 2, who, "treatment", 2, received=NOON) for who in PEOPLE[:9]), received=NOON))


def an_earlier_epoch_end(store: DuckdbEventStore) -> None:
    store.mirror(ROLLOUTS, [EPOCHS[0], MirroredEpoch("ex", 2, at(NOON - 4))])


@pytest.mark.parametrize("change", [late_events, an_import_into_the_past, a_change_of_sides, an_earlier_epoch_end])
def test_a_change_of_these_hours_is_in_their_histograms(store: DuckdbEventStore,
                                                        change: Callable[[DuckdbEventStore], None]) -> None:
    assert same_as_raw(store, NOON) > 1000
    change(store)
    store.close_windows(at(NOON + 0.1))
    assert same_as_raw(store, NOON + 0.1) > 1000


def test_hours_are_kept_of_the_present_day_and_the_one_before(store: DuckdbEventStore) -> None:
    dice, hour = Random(4), NOON
    assert kept(store) == (72, 33), "those of the fourth day, and 13 of the fifth; in four nothing happened"
    for step in (0.2, 5, 6.2, 0.5, 14, 40):
        store.write(batch(*happened(dice, hour, hour + step, 60), received=hour + step))
        hour += step
        store.close_windows(at(hour))
        assert same_as_raw(store, hour) > 1000
        since, hours = kept(store)
        assert since == (hour - 0.1) // 24 * 24 - 24
        assert hours <= 48


def test_a_store_from_before_reads_raw_events_until_a_day_was_rebuilt(tmp_path: Path) -> None:
    store = filled(tmp_path / "events.duckdb")
    with store.database.transaction() as cursor:
        cursor.execute("DELETE FROM hist_hour")
        cursor.execute("DELETE FROM watermark WHERE name = 'hours'")
    store.close()
    store = DuckdbEventStore(tmp_path / "events.duckdb", b"s" * 32)
    assert same_as_raw(store, NOON) > 1000
    store.write(batch(*happened(Random(5), NOON, NOON + 0.2, 20), received=NOON + 0.2))
    store.close_windows(at(NOON + 0.3))
    assert same_as_raw(store, NOON + 0.3) > 1000
    assert kept(store) == (96, 11), "the day before was not rebuilt"
    store.close()


def test_days_that_wait_for_the_next_pass_are_read_from_raw_events(store: DuckdbEventStore) -> None:
    late = NOON + 24 * 5
    store.write(batch(*happened(Random(6), NOON, late, 200), received=late))
    behind = store.close_windows(at(late), days=2).behind
    assert behind
    assert same_as_raw(store, NOON + 12) > 500
    while store.close_windows(at(late), days=2).behind:
        pass
    assert same_as_raw(store, late) > 500


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    filled(tmp_path / "events.duckdb").close()
    store = DuckdbEventStore(tmp_path / "events.duckdb", b"s" * 32)
    assert kept(store) == (72, 33)
    assert same_as_raw(store, NOON) > 1000
    store.close()
