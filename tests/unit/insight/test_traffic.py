"""How much arrives: whole buckets, silence inside as zero, silence of the source as no data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rollout_core.insight.traffic import TrafficRequest, answer, grid, per_minute, width_of
from rollout_core.metrics.measured import Window
from tests.golden.made_world import T0, World

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIVE = [START + timedelta(minutes=5 * place) for place in range(5)]


def test_only_whole_buckets_are_drawn_so_that_no_end_looks_like_a_drop() -> None:
    window = Window(START + timedelta(minutes=2), START + timedelta(minutes=19))
    assert grid(window, 300) == (FIVE[1], FIVE[2]), "12:05 and 12:10; 12:00 and 12:15 are broken"


def test_a_bucket_is_at_least_a_minute_and_there_are_at_most_as_many_as_asked_for() -> None:
    assert width_of(Window(START, START + timedelta(hours=1)), 72) == 60
    assert width_of(Window(START, START + timedelta(hours=24)), 36) == 3600, "30 min would be 48"


def test_counts_become_events_per_minute_with_zero_inside_and_no_data_outside() -> None:
    counts = {FIVE[1]: 10, FIVE[3]: 5}
    assert per_minute(counts, tuple(FIVE), 300, FIVE[3]) == (None, 2.0, 0.0, 1.0, None)


def test_without_any_event_there_is_no_data_and_no_zero() -> None:
    assert per_minute({}, tuple(FIVE), 300, None) == (None,) * 5


def test_page_views_of_an_hour_are_counted_in_their_minutes(world: World) -> None:
    # Day 0, 9:00 to 10:54 plus 72 s: everybody of 20 pairs views one page, so two views every 6 minutes.
    found = answer(world.room, TrafficRequest("r", since_at=T0 + timedelta(hours=9), until_at=T0 + timedelta(hours=11),
                                              points=24))
    [views] = [flow for flow in found.flows if flow.key == "page_views"]
    assert found.bucket_seconds == 300
    assert round(sum(value or 0 for value in views.per_minute) * 5) == 40


def test_a_source_that_rested_longer_than_the_plan_allows_is_stale_and_its_last_buckets_are_no_data(
        world: World) -> None:
    # The last session of the fortnight was at 10:54 of its last day; the clock stands at midnight after it.
    found = answer(world.room, TrafficRequest("r", "day", points=24))
    assert found.stale
    assert found.last_event_at is not None
    assert found.last_event_at < found.computed_at - timedelta(hours=12)
    assert found.heard_at == max(at for _, at in found.newest) >= found.last_event_at
    assert found.newest_of("session_duration") == dict(found.newest)["session"]
    [views] = [flow for flow in found.flows if flow.key == "page_views"]
    assert views.per_minute[-1] is None
    assert 0.0 not in views.per_minute[-12:]
