"""The live tail reads the spans of the last hours from a table of its own; that never changes an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Timeline, Totals
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.event_tail import drop_tail
from tests.fakes.made_events import at, batch, exposed, made, request

SECRET = b"s" * 32
ROLLOUTS = [MirroredRollout("ex", "user")]
EPOCHS = [MirroredEpoch("ex", 1, at(0)), MirroredEpoch("ex", 2, at(10))]
TAIL = Window(at(28.5), at(30))


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    """Two days of history, and subjects a..f with requests in the last half hour before 30:00."""
    opened = DuckdbEventStore(None, SECRET)
    opened.mirror(ROLLOUTS, EPOCHS)
    opened.write(batch(
        exposed(1, "a", "treatment"), exposed(1, "b", "control"), exposed(1, "old", "treatment"), request(2, "old"),
        exposed(11, "a", "treatment", 2), exposed(11, "c", "treatment", 2), exposed(28.6, "d", "control", 2),
        *(request(29.6, who) for who in "abcdef")))
    opened.close_windows(at(29.7))
    yield opened
    opened.close()


def minutes(store: DuckdbEventStore) -> dict[str, int]:
    """Requests of the tail by arm, from raw events."""
    found: dict[str, int] = {}
    for row in store.measure(Timeline("ex", ("request_errors",), TAIL, 60)).records():
        found[row["arm"]] = found.get(row["arm"], 0) + row["n"]
    return found


def arms(store: DuckdbEventStore) -> dict[str, int]:
    """The same; the sums, closed and live together, must agree."""
    sums = store.measure(Totals(TAIL, ("request_errors",), "ex", ("arm",))).records()
    assert minutes(store) == {row["arm"]: row["n"] for row in sums}
    return minutes(store)


def unfollowed(store: DuckdbEventStore) -> dict[str, int]:
    """The same, all spans looked up in arm_span."""
    with store.database.transaction() as cursor:
        drop_tail(cursor)
    return arms(store)


def followed(store: DuckdbEventStore) -> set[tuple[Any, ...]]:
    """(arm, subjects) of the followed spans that cover 29:36."""
    with store.database.cursor() as cursor:
        return set(cursor.execute("SELECT arm, count(DISTINCT subject_key) FROM tail_span WHERE from_at <= ? "
                                  "AND to_at > ? GROUP BY 1", [at(29.6).replace(tzinfo=None)] * 2).fetchall())


def test_whoever_did_something_in_the_last_hours_is_followed(store: DuckdbEventStore) -> None:
    # a and c were exposed in epoch 2, b only in the one before it, d as control, e and f never; "old" rests.
    assert followed(store) == {("treatment", 2), ("control", 1), ("before", 1), ("unattributed", 2)}
    assert arms(store) == {"treatment": 2, "control": 1, "before": 1, "unattributed": 2} == unfollowed(store)


def test_whoever_came_since_the_last_pass_is_looked_up(store: DuckdbEventStore) -> None:
    store.write(batch(request(29.9, "old"), request(29.9, "c")))
    assert arms(store) == {"treatment": 3, "control": 1, "before": 2, "unattributed": 2} == unfollowed(store)


def test_a_first_exposure_changes_the_arm_of_who_is_followed_already(store: DuckdbEventStore) -> None:
    store.write(batch(exposed(29.65, "e", "treatment", 2), request(29.68, "e")))
    store.close_windows(at(29.72))
    # e: one request before the exposure ("before", as it now has a span), one after it.
    assert arms(store) == {"treatment": 3, "control": 1, "before": 2, "unattributed": 1} == unfollowed(store)


def test_a_late_exposure_into_the_past_changes_who_is_followed(store: DuckdbEventStore) -> None:
    store.write(batch(exposed(12, "b", "control", 2)))
    store.close_windows(at(29.72))
    assert arms(store) == {"treatment": 2, "control": 2, "unattributed": 2} == unfollowed(store)


def test_an_epoch_that_ends_ends_the_followed_spans(store: DuckdbEventStore) -> None:
    store.mirror(ROLLOUTS, [*EPOCHS, MirroredEpoch("ex", 3, at(29.5))])
    assert followed(store) == set()
    store.close_windows(at(29.72))
    assert arms(store) == {"before": 4, "unattributed": 2} == unfollowed(store)


def test_who_is_forgotten_is_not_followed_any_more(store: DuckdbEventStore) -> None:
    assert store.forget("user", "a").removed["tail_span"] > 0
    assert minutes(store) == {"treatment": 1, "control": 1, "before": 1, "unattributed": 2}
    with store.database.transaction() as cursor:
        drop_tail(cursor)
    assert minutes(store) == {"treatment": 1, "control": 1, "before": 1, "unattributed": 2}


def test_the_table_begins_anew_when_hours_have_passed(store: DuckdbEventStore) -> None:
    store.write(batch(request(35, "c"), received=41))
    store.close_windows(at(35.1))
    assert {arm for arm, _ in followed(store)} == {"treatment"}


def test_a_unit_seen_for_the_first_time_is_followed(store: DuckdbEventStore) -> None:
    store.mirror([*ROLLOUTS, MirroredRollout("shop", "team")], [*EPOCHS, MirroredEpoch("shop", 1, at(0))])
    store.close_windows(at(29.72))
    store.write(batch(made(Kind.API_REQUEST, 29.75, None, endpoint="/", status=200, value=1.0, units={"team": "t"}),
                      exposed(29.74, "t", "treatment", rollout="shop", unit="team", units={"team": "t"})))
    store.close_windows(at(29.8))
    found = store.measure(Timeline("shop", ("request_errors",), TAIL, 60)).records()
    assert [(row["arm"], row["n"]) for row in found] == [("treatment", 1)]


def test_a_store_of_the_version_before_opens_and_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    store = DuckdbEventStore(path, SECRET)
    store.mirror(ROLLOUTS, EPOCHS)
    store.write(batch(exposed(11, "a", "treatment", 2), request(29.6, "a")))
    store.close_windows(at(29.7))
    with store.database.transaction() as cursor:        # as version 1 left it
        cursor.execute("DROP TABLE tail_span")
        cursor.execute("DROP TABLE day_aside")
        cursor.execute("DROP TABLE hist_hour")
        cursor.execute("ALTER TABLE rollout_mirror DROP COLUMN names")
        cursor.execute("DELETE FROM watermark WHERE name IN ('tail', 'hours')")
        cursor.execute("UPDATE store_meta SET value = '1' WHERE name = 'schema_version'")
    store.close()
    again = DuckdbEventStore(path, SECRET)
    assert again.condition().version == 4
    again.mirror(ROLLOUTS, EPOCHS)
    assert arms(again) == {"treatment": 1}
    again.close_windows(at(29.7) + timedelta(minutes=1))
    assert followed(again) == {("treatment", 1)}
    assert arms(again) == {"treatment": 1}
    again.close()


@pytest.mark.parametrize("seed", range(2))
def test_spans_are_the_same_whether_anybody_is_followed_or_not(seed: int) -> None:
    """Exposures arrive in any order: known ones again, late ones, other arms, overrides, another epoch."""
    dice, stores = Random(seed), (DuckdbEventStore(None, SECRET), DuckdbEventStore(None, SECRET))
    stores[1].follows_tail = False
    for each in stores:
        each.mirror(ROLLOUTS, EPOCHS)
    for step in range(8):
        arrived = batch(*(exposure(dice, 20 + step / 2) for _ in range(12)), received=20 + step / 2)
        for each in stores:
            each.write(arrived)
            each.close_windows(at(20 + step / 2))
        assert spans(stores[0]) == spans(stores[1])
    for each in stores:
        each.close()


def exposure(dice: Random, now: float) -> Accepted:
    """Somebody's, mostly just now and as one would expect."""
    who = dice.choice("abcdefgh")
    hour = now - (dice.random() / 10 if dice.random() < 0.7 else dice.uniform(0, 14))
    usual = "treatment" if who < "e" else "control"
    arm = usual if dice.random() < 0.8 else dice.choice(("treatment", "control", "former", "holdout"))
    reason = {"reason": "subject_override"} if dice.random() < 0.1 else {}
    return exposed(hour, who, arm, 1 if hour < 10 else 2, received=now, **reason)


def spans(store: DuckdbEventStore) -> list[tuple[Any, ...]]:
    with store.database.cursor() as cursor:
        return cursor.execute("SELECT * FROM arm_span ORDER BY ALL").fetchall()
