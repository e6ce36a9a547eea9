"""A day that cannot be summed up stops no other one, is named, and is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from rollout_core.errors import Uncountable
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Timeline, Totals
from rollout_core.ports.event_store import DayAside, MirroredEpoch, MirroredRollout
from rollout_core.storage.days_aside import pause_after, rests
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import at, batch, exposed, request

LARGEST = 2**63 - 1
DAYS = [date(2026, 3, 8) + timedelta(days=number) for number in range(4)]


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    """Two requests on each of four days; nothing is closed yet."""
    opened = DuckdbEventStore(None, b"s" * 32)
    opened.mirror([MirroredRollout("ex", "user")], [MirroredEpoch("ex", 1, at(0))])
    opened.write(batch(exposed(0.5, "a", "treatment"), received=40))
    for number in range(4):
        opened.write(batch(*(request(24 * number + hour, "a", received=100.0) for hour in (1, 2)), received=100))
    yield opened
    opened.close()


def break_day(store: DuckdbEventStore, number: int) -> None:
    """Four requests whose squares add up to more than a HUGEINT holds: no sender gets that past the checks."""
    with store.database.transaction() as cursor:
        cursor.execute("INSERT INTO event_api_request SELECT r.* REPLACE ('broken' || i AS event_id, "
                       "? AS value) FROM event_api_request AS r, range(4) AS n(i) WHERE r.occurred_at = ?",
                       [LARGEST, at(24 * number + 1).replace(tzinfo=None)])


def mend_day(store: DuckdbEventStore) -> None:
    """The impossible events are gone again."""
    with store.database.transaction() as cursor:
        cursor.execute("DELETE FROM event_api_request WHERE starts_with(event_id, 'broken')")


def requests_by_day(store: DuckdbEventStore) -> dict[date, int]:
    """What the rollups hold of the whole store."""
    rows = store.query("SELECT hour::DATE, sum(n)::BIGINT FROM hours WHERE rollout = '' "
                       "AND metric = 'request_errors' GROUP BY 1").rows
    return dict(rows)


def test_the_days_before_and_after_are_summed_up(store: DuckdbEventStore) -> None:
    break_day(store, 1)
    closed = store.close_windows(at(24 * 3 + 10))
    assert (closed.aside, closed.behind, closed.days_rebuilt) == ((DAYS[1],), 0, 3)
    assert requests_by_day(store) == {DAYS[0]: 2, DAYS[2]: 2, DAYS[3]: 2}
    assert store.condition().closed_until_at == at(24 * 3 + 10) - timedelta(minutes=5)


def test_it_is_named_with_the_database_s_words(store: DuckdbEventStore) -> None:
    break_day(store, 1)
    store.close_windows(at(24 * 3 + 10))
    (aside,) = store.condition().aside
    assert (aside.day, aside.failed_at, aside.tries) == (DAYS[1], at(24 * 3 + 10), 1)
    assert "verflow" in aside.why or "out of range" in aside.why.lower()


def test_what_was_summed_up_before_stays(store: DuckdbEventStore) -> None:
    store.close_windows(at(24 * 3 + 10))
    break_day(store, 1)
    store.write(batch(request(24 + 3, "a"), received=100))      # a late event: the day is to be rebuilt
    store.close_windows(at(24 * 3 + 11))
    assert requests_by_day(store) == dict.fromkeys(DAYS, 2)
    assert [each.day for each in store.condition().aside] == [DAYS[1]]


def test_it_rests_and_is_tried_again(store: DuckdbEventStore) -> None:
    break_day(store, 1)
    store.close_windows(at(24 * 3 + 10))
    assert store.close_windows(at(24 * 3 + 10) + timedelta(seconds=30)).aside == ()
    assert store.close_windows(at(24 * 3 + 10) + timedelta(minutes=2)).aside == (DAYS[1],)
    assert store.condition().aside[0].tries == 2


def test_it_comes_back_by_itself_when_nothing_is_in_its_way(store: DuckdbEventStore) -> None:
    break_day(store, 1)
    store.close_windows(at(24 * 3 + 10))
    mend_day(store)
    closed = store.close_windows(at(24 * 3 + 10) + timedelta(minutes=2))
    assert (closed.days_rebuilt, closed.aside) == (1, ())
    assert store.condition().aside == ()
    assert requests_by_day(store) == dict.fromkeys(DAYS, 2)


def test_the_present_day_stays_in_the_live_tail(store: DuckdbEventStore) -> None:
    break_day(store, 3)
    store.close_windows(at(24 * 3 + 10))
    assert store.condition().closed_until_at == at(24 * 3)      # nothing of the day counts as closed
    totals = Totals(Window(at(0), at(24 * 3 + 10)), ("request_errors",), None, ("day",))
    assert {row["day"]: row["n"] for row in store.measure(totals).records()} == {
        DAYS[0]: 2, DAYS[1]: 2, DAYS[2]: 2, DAYS[3]: 6}
    assert store.close_windows(at(24 * 4 + 1)).aside == (DAYS[3],)
    assert store.condition().closed_until_at == at(24 * 4 + 1) - timedelta(minutes=5)     # the next day goes on


def test_a_live_sum_beyond_all_numbers_is_said_in_words(store: DuckdbEventStore) -> None:
    break_day(store, 3)
    store.close_windows(at(24 * 3 + 0.5))
    with pytest.raises(Uncountable, match="cannot be counted") as caught:
        store.measure(Timeline("ex", ("request_duration",), Window(at(24 * 3), at(24 * 3 + 2)), 60))
    assert "doctor" in caught.value.mend


def test_pauses_grow_to_an_hour_and_a_clock_set_back_does_not_stretch_them() -> None:
    assert [pause_after(tries) // timedelta(minutes=1) for tries in (1, 2, 3, 6, 7, 99)] == [1, 2, 4, 32, 60, 60]
    aside = DayAside(DAYS[0], at(5), 1, "x")
    assert rests(aside, at(5) + timedelta(seconds=59))
    assert not rests(aside, at(5) + timedelta(seconds=60))
    assert not rests(aside, at(4))
