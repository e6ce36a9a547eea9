"""Buckets of a chart over time: coarser ones are whole finer ones, and none is coarser than it has to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.insight.series import FEWEST_POINTS
from rollout_core.insight.series_buckets import WIDTHS, coarser, joined
from rollout_core.metrics.aggregates import Sums
from rollout_core.metrics.measured import Window

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = 3_600


def hourly(hours: int, n: int) -> dict[datetime, Sums]:
    """So many hours in a row with n measurements each, all of value 1."""
    return {MONDAY + timedelta(hours=place): Sums(n, n, n) for place in range(hours)}


def window(hours: int) -> Window:
    return Window(MONDAY, MONDAY + timedelta(hours=hours))


def test_every_width_holds_whole_ones_of_those_before_it() -> None:
    assert all(later % earlier == 0 for place, later in enumerate(WIDTHS) for earlier in WIDTHS[:place])


def test_joined_buckets_add_up() -> None:
    days = joined(hourly(48, 5), 24 * HOUR)
    assert [(at, each.n, each.s) for at, each in days.items()] == [
        (MONDAY, 120, 120), (MONDAY + timedelta(days=1), 120, 120)]


def test_histograms_join_bin_by_bin() -> None:
    bins = {MONDAY: {1: 2}, MONDAY + timedelta(hours=1): {1: 1, 7: 4}, MONDAY + timedelta(hours=3): {9: 1}}
    assert joined(bins, 3 * HOUR) == {MONDAY: {1: 3, 7: 4}, MONDAY + timedelta(hours=3): {9: 1}}


@pytest.mark.parametrize(("each_hour", "wanted"), [
    (100, 1),              # an hour holds the sample already
    (34, 3),               # 3 x 34 = 102
    (33, 6),               # 3 x 33 = 99 is one too few; 6 x 33 = 198
    (9, 12),               # 12 x 9 = 108
])
def test_a_bucket_is_as_wide_as_its_sample_needs(each_hour: int, wanted: int) -> None:
    assert coarser([hourly(240, each_hour)], window(240), HOUR, 100) == wanted * HOUR


def test_the_thinner_line_decides() -> None:
    assert coarser([hourly(240, 500), hourly(240, 34)], window(240), HOUR, 100) == 3 * HOUR


def test_a_line_without_anything_does_not_decide() -> None:
    assert coarser([hourly(240, 500), {}], window(240), HOUR, 100) == HOUR


def test_little_traffic_still_leaves_a_course_to_read() -> None:
    width = coarser([hourly(24, 1)], window(24), HOUR, 100)
    assert width == 3 * HOUR
    assert 24 * HOUR / width == FEWEST_POINTS


def test_buckets_are_never_finer_than_what_was_counted() -> None:
    assert coarser([hourly(4, 1)], window(4), HOUR, 0) == HOUR
