"""Bounds are found between two steps: the same step as by looking at every one."""

from hypothesis import given
from hypothesis import strategies as st

from rollout_core.analysis import ratings, threshold
from rollout_core.analysis.search import last_reaching

LEVEL = 3.0


@given(steps=st.integers(2, 400), place=st.integers(0, 399), near=st.lists(st.integers(-5, 500), max_size=2),
       bend=st.sampled_from([0.3, 1.0, 5.0]))
def test_it_is_the_last_step_that_reaches_the_level_wherever_it_is_looked_for_first(steps, place, near, bend):
    place = min(place, steps - 1)
    asked = []

    def surplus(step):
        asked.append(step)
        ahead = place + 0.5 - step
        return abs(ahead) ** bend * (1.0 if ahead > 0 else -1.0)
    assert last_reaching(surplus, steps, near) == place
    assert all(0 < step < steps for step in asked)
    assert len(asked) == len(set(asked)), "no step is asked twice"


def test_a_jump_from_nothing_excluded_to_everything_is_found_as_well():
    assert last_reaching(lambda step: -690.0 if step > 70_000 else 1.0, 2**18) == 70_000


@given(events=st.integers(0, 60), others=st.integers(1, 400))
def test_bounds_of_a_rate_are_excluded_and_the_next_step_inwards_is_not(events, others):
    n = events + others
    lower, upper = threshold.rate_interval(events, n, 0.05, 0.05)
    inwards = 1.0 / 41**5
    if lower > 0.0:
        assert threshold.log_e_above(events, n, lower, 0.05) >= LEVEL - 0.005
        assert threshold.log_e_above(events, n, lower + 2 * inwards, 0.05) < LEVEL
    if upper < 1.0:
        assert threshold.log_e_below(events, n, upper, 0.05) >= LEVEL - 0.005
        assert threshold.log_e_below(events, n, upper - 2 * inwards, 0.05) < LEVEL
    assert lower <= events / n <= upper


def test_bounds_of_a_mean_lie_on_the_wide_side_of_the_level():
    counts, scores = [2, 3, 20, 60, 100], [1, 2, 3, 4, 5]
    lower, upper = ratings.mean_interval(counts, scores, 0.05)
    for bound, log_e, inwards in ((lower, ratings.log_e_above, 0.001), (upper, ratings.log_e_below, -0.001)):
        assert log_e(counts, scores, bound) >= 2.9957
        assert log_e(counts, scores, bound + inwards) < 2.9957
