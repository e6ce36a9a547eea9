"""Exact kernels: expectations at most one by full enumeration, additivity, golden values, cross-checks."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, binom

from rollout_core.analysis import ratings, sample_ratio, threshold, tilt, turner
from rollout_core.analysis.grid import effect_grid, log_odds_mde, log_ratio_mde

rates = st.floats(0.01, 0.9)
sizes = st.integers(1, 7)


def expectation(n_t, n_c, p_t, p_c, log_e):
    """E[e] over both arms' binomial outcomes, by enumeration; `log_e` takes x_t, x_c arrays."""
    x_t, x_c = np.meshgrid(np.arange(n_t + 1), np.arange(n_c + 1), indexing="ij")
    chance = binom.pmf(x_t, n_t, p_t) * binom.pmf(x_c, n_c, p_c)
    return float((chance * np.exp(log_e(x_t, x_c))).sum())


@given(n_t=sizes, n_c=sizes, rate=rates, guess=rates, mde=st.floats(0.05, 2.0))
@settings(max_examples=60, deadline=None)
def test_turner_expects_at_most_one_for_every_common_rate_and_any_guess(n_t, n_c, rate, guess, mde):
    grid = effect_grid(mde)
    expected = expectation(n_t, n_c, rate, rate, lambda x_t, x_c: turner.log_e(
        turner.increments((x_t, np.full_like(x_t, n_t)), (x_c, np.full_like(x_c, n_c)), np.full(x_t.shape, guess),
                          grid.effects), grid))
    assert expected <= 1.0 + 1e-9


@given(n_t=sizes, n_c=sizes, rate=st.floats(0.1, 0.9), better=st.floats(0.0, 0.1), mde=st.floats(0.05, 2.0))
@settings(max_examples=40, deadline=None)
def test_turner_expects_at_most_one_when_treatment_is_better(n_t, n_c, rate, better, mde):
    grid = effect_grid(mde)
    expected = expectation(n_t, n_c, rate - better, rate, lambda x_t, x_c: turner.log_e(
        turner.increments((x_t, np.full_like(x_t, n_t)), (x_c, np.full_like(x_c, n_c)), np.full(x_t.shape, rate),
                          grid.effects), grid))
    assert expected <= 1.0 + 1e-9


@given(n_t=sizes, n_c=sizes, rate=rates, mde=st.floats(0.05, 2.0))
@settings(max_examples=40, deadline=None)
def test_the_tilt_expects_at_most_one_for_yes_no_outcomes(n_t, n_c, rate, mde):
    grid, share = effect_grid(mde), n_t / (n_t + n_c)
    expected = expectation(n_t, n_c, rate, rate, lambda x_t, x_c: tilt.log_e(
        tilt.increments(x_t, x_c, np.full(x_t.shape, share), grid.effects), grid))
    assert expected <= 1.0 + 1e-9


@given(events=st.integers(1, 12), share=st.floats(0.02, 0.98), ratio=st.floats(0.5, 2.0))
@settings(max_examples=40, deadline=None)
def test_the_tilt_against_a_tolerated_ratio_expects_one_at_that_ratio(events, share, ratio):
    grid, log_ratio = effect_grid(0.5), float(np.log(ratio))
    true_share = float(tilt.tilted_share(share, log_ratio))
    expected = sum(binom.pmf(x, events, true_share) * np.exp(tilt.log_e_above(([x], [events - x]), [share], log_ratio,
                                                                                grid)) for x in range(events + 1))
    assert expected == pytest.approx(1.0, abs=1e-9)


@given(rows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0.02, 0.98)), min_size=1, max_size=30),
       mde=st.floats(0.05, 1.0), alpha=st.floats(0.001, 0.2))
@settings(max_examples=80, deadline=None)
def test_the_bounds_of_a_rate_ratio_are_those_of_eighteen_halvings(rows, mde, alpha):
    treated, untreated, share = (np.array(column, float) for column in zip(*rows, strict=True))
    grid, level = effect_grid(mde), np.log(1 / alpha)

    def bound(log_e, direction):
        outer, inner = -6.0 * direction, 6.0 * direction
        if log_e((treated, untreated), share, outer, grid) < level:
            return outer * np.inf
        for _ in range(18):
            middle = 0.5 * (outer + inner)
            reached = log_e((treated, untreated), share, middle, grid) >= level
            outer, inner = (middle, inner) if reached else (outer, middle)
        return outer
    assert tilt.log_ratio_interval((treated, untreated), share, grid, alpha) == (
        bound(tilt.log_e_above, 1.0), bound(tilt.log_e_below, -1.0))


def test_rates_around_keep_the_mean_and_the_odds_ratio():
    # 25 % treated, pooled 30 %, odds ratio e²: the two rates average to 0.3 and differ by 2 in log odds.
    p_c, p_t = turner.rates_around(0.3, 0.25, 2.0)
    assert 0.25 * p_t + 0.75 * p_c == pytest.approx(0.3, abs=1e-12)
    assert np.log(p_t / (1 - p_t)) - np.log(p_c / (1 - p_c)) == pytest.approx(2.0, abs=1e-12)


def test_evidence_of_two_hours_is_the_sum_of_their_gains():
    grid = effect_grid(0.7)
    one = turner.increments((3, 50), (1, 50), 0.02, grid.effects)
    two = turner.increments((4, 60), (0, 40), 0.03, grid.effects)
    both = turner.increments(([3, 4], [50, 60]), ([1, 0], [50, 40]), [0.02, 0.03], grid.effects)
    assert both.sum(axis=0) == pytest.approx(one + two)


def test_without_a_control_nothing_is_learnt():
    grid = effect_grid(0.7)
    assert not turner.increments((9, 10), (0, 0), 0.02, grid.effects).any()
    assert not tilt.increments(9, 0, tilt.share_at_risk(10, 0), grid.effects).any()


def test_more_errors_in_treatment_are_more_evidence_of_harm():
    grid = effect_grid(0.7)
    found = [float(turner.log_e(turner.increments((x, 200), (4, 200), 0.02, grid.effects), grid)) for x in range(20)]
    assert all(later > earlier for earlier, later in pairwise(found))


def test_the_guessed_rate_uses_strictly_earlier_hours_only():
    hours, strata = np.array([0, 0, 1, 2]), np.array([0, 1, 0, 1])
    before = turner.predictable_rate([0, 5, 1, 0], [10, 10, 10, 10], strata, hours, 0.02)
    changed = turner.predictable_rate([0, 5, 9, 9], [10, 10, 10, 10], strata, hours, 0.02)
    assert before[:3] == pytest.approx(changed[:3])       # rows of hours 0 and 1 do not see their own outcomes
    assert before[0] == pytest.approx(0.02)               # nothing seen yet: the historical rate
    # everybody before hour 1: (5 + 20·0.02)/(20 + 20) = 0.135; own stratum: (0 + 20·0.135)/(10 + 20) = 0.09
    assert before[2] == pytest.approx(0.09)


@given(x=st.integers(0, 40), p0=st.floats(0.02, 0.6), mde=st.floats(0.01, 0.05))
@settings(max_examples=40, deadline=None)
def test_the_threshold_kernel_is_the_integral_it_stands_for(x, p0, mde):
    n = 40
    def one(wanted):
        scale = min(wanted, 1 - p0)
        mass = max(p0 * (1 - p0) / scale**2 - 1, 0.5)
        a, b = p0 * mass, (1 - p0) * mass
        top = quad(lambda p: beta.pdf(p, a, b) * binom.pmf(x, n, p), p0, 1, limit=300)[0]
        return np.log(top / beta.sf(p0, a, b) / binom.pmf(x, n, p0))
    expected = one(mde)
    if p0 * (1 - p0) / min(4 * mde, 1 - p0) ** 2 - 1 > 0.5:
        expected = np.logaddexp(expected, one(4 * mde)) - np.log(2)
    assert threshold.log_e_above(x, n, p0, mde) == pytest.approx(expected, abs=1e-4)


@given(n=st.integers(1, 60), p0=st.floats(0.02, 0.9), below=st.floats(0.0, 0.02), mde=st.floats(0.005, 0.1))
@settings(max_examples=60, deadline=None)
def test_the_threshold_kernel_expects_at_most_one_up_to_the_threshold(n, p0, below, mde):
    x = np.arange(n + 1)
    expected = float((binom.pmf(x, n, p0 - below) * np.exp(threshold.log_e_above(x, n, p0, mde))).sum())
    assert expected <= 1.0 + 1e-9


def test_a_rate_above_is_the_mirror_of_a_rate_below():
    assert threshold.log_e_below(30, 1000, 0.05, 0.01) == pytest.approx(threshold.log_e_above(970, 1000, 0.95, 0.01))


def test_far_below_the_threshold_there_is_no_evidence_and_no_overflow():
    assert threshold.log_e_above(0, 10**7, 0.5, 0.01) < -600.0


def test_the_rate_interval_holds_the_rate_and_shrinks():
    wide, narrow = threshold.rate_interval(5, 100, 0.02, 0.05), threshold.rate_interval(500, 10000, 0.02, 0.05)
    assert wide[0] < narrow[0] < 0.05 < narrow[1] < wide[1]


def test_bets_expect_exactly_one_at_the_target():
    # One answer of 1..5 with mean exactly 4: chances .05, .05, .15, .35, .40 -> .05 + .1 + .45 + 1.4 + 2 = 4.0
    scores, chance = [1, 2, 3, 4, 5], [0.05, 0.05, 0.15, 0.35, 0.40]
    total = 0.0
    for drawn in product(range(5), repeat=3):
        counts = np.bincount(drawn, minlength=5)
        total += np.prod([chance[k] for k in drawn]) * np.exp(ratings.log_e_above(counts, scores, 4.0))
    assert total == pytest.approx(1.0, abs=1e-9)


def test_satisfied_answers_prove_a_mean_above_four():
    # 10 threes, 60 fours, 104 fives: mean 4.54
    assert ratings.log_e_above([0, 0, 10, 60, 104], [1, 2, 3, 4, 5], 4.0) > np.log(20)
    low, high = ratings.mean_interval([0, 0, 10, 60, 104], [1, 2, 3, 4, 5], 0.05)
    assert 4.0 < low < 4.54 < high < 5.0


def test_answers_of_another_scale_are_judged_in_its_own_units():
    five = ratings.log_e_above([0, 0, 2, 5, 9], [1, 2, 3, 4, 5], 4.0)
    fifty = ratings.log_e_above([0, 0, 2, 5, 9], [10, 20, 30, 40, 50], 40.0)
    assert five == pytest.approx(fifty)


def test_a_split_as_configured_is_no_mismatch_and_a_ramp_is_none_either():
    assert sample_ratio.log_e([100, 250, 500], [900, 750, 500], [0.10, 0.25, 0.50]) < 0.0


def test_a_lost_tenth_of_treatment_is_found():
    # 4,500 instead of 5,000 of 9,500: more than 5 standard deviations
    assert sample_ratio.log_e([4500], [5000], [0.5]) > np.log(100)


@given(n=st.integers(1, 40), share=st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_the_split_test_expects_one_under_the_configured_split(n, share):
    x = np.arange(n + 1)
    e = np.exp([sample_ratio.log_e([k], [n - k], [share]) for k in x])
    assert float((binom.pmf(x, n, share) * e).sum()) == pytest.approx(1.0, abs=1e-9)


def test_absolute_differences_become_log_odds_and_log_ratios():
    # 2 % + 2 pp = 4 %: log(.04/.96) − log(.02/.98) = 0.71377; log 2 = 0.69315
    assert log_odds_mde(0.02, 0.02) == pytest.approx(0.713766, abs=1e-6)
    assert log_ratio_mde(0.02, 0.02) == pytest.approx(0.693147, abs=1e-6)
