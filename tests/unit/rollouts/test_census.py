"""The census: what it counts, on a register small enough to count by hand."""

from __future__ import annotations

import pytest

from rollout_core.rollouts.census import Census

A, B, EVERYONE = "a", "b", "everyone"
# Six subjects: two in a, one in a and b, one in b, two in none; buckets 10..60; the fourth and sixth are held out.
CENSUS = Census.of_tallies([
    (frozenset({A, EVERYONE}), False, 10, 1), (frozenset({A, EVERYONE}), False, 20, 1),
    (frozenset({A, B, EVERYONE}), False, 30, 1), (frozenset({B, EVERYONE}), True, 40, 1),
    (frozenset({EVERYONE}), False, 50, 1), (frozenset({EVERYONE}), True, 60, 1)])


def test_it_counts_the_eligible_the_held_out_and_each_audience():
    assert (CENSUS.eligible(), CENSUS.held_out()) == (6, 2)
    assert [CENSUS.size(key) for key in (A, B, EVERYONE, "unknown")] == [3, 2, 6, 0]


@pytest.mark.parametrize(("thresholds", "included", "enrolled"), [
    ({}, 0, 0), ({A: 11}, 1, 1), ({A: 10}, 0, 0), ({B: 41}, 2, 1), ({A: 31, B: 41}, 4, 3), ({EVERYONE: 100_000}, 6, 4),
    ({A: 100_000, EVERYONE: 41}, 4, 3)])
def test_included_counts_every_subject_once_and_enrolled_leaves_the_held_out_out(
        thresholds: dict[str, int], included: int, enrolled: int):
    assert (CENSUS.included(thresholds), CENSUS.enrolled(thresholds)) == (included, enrolled)


def test_who_enters_and_who_leaves_are_counted_apart():
    # From a whole (10, 20, 30) to everybody below 31 plus b: the same three, and b's held-out one does not count.
    moved = CENSUS.moved({A: 100_000}, {EVERYONE: 51})
    assert (moved.gained, moved.lost) == (1, 0)
    moved = CENSUS.moved({A: 100_000}, {B: 100_000})
    assert (moved.gained, moved.lost) == (0, 2)


@pytest.mark.parametrize(("wanted", "threshold"), [(0, 0), (1, 11), (3, 31), (5, 51), (6, 61), (99, 61)])
def test_the_threshold_lies_just_above_the_last_subject_that_fits(wanted: int, threshold: int):
    assert CENSUS.threshold_for(EVERYONE, {}, wanted) == threshold


def test_the_threshold_counts_on_top_of_the_other_audiences():
    # a whole brings 3; one more comes with b's subject in bucket 40.
    assert CENSUS.threshold_for(B, {A: 100_000}, 4) == 41
    assert CENSUS.threshold_for(B, {A: 100_000}, 2) == 0


def test_an_empty_register_answers_zero():
    empty = Census.of_tallies([])
    assert (empty.eligible(), empty.included({A: 100_000}), empty.threshold_for(A, {}, 1)) == (0, 0, 0)
