"""Intervals, percentiles and the comparison within strata."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.metrics.aggregates import NOTHING, ClusterSums, Sums, merged, merged_bins, merged_clusters
from rollout_core.metrics.interval import (
    FEWEST_CLUSTERS,
    Estimate,
    clustered_ratio,
    design_effect,
    difference,
    mean_interval,
    relative_change,
    share_design_effect,
    variance,
    wilson,
)
from rollout_core.metrics.nps import net_promoter_score
from rollout_core.metrics.percentile import (
    RELATIVE_ERROR,
    bin_of,
    nearest_rank,
    percentile_interval,
    percentile_of_bins,
    share_up_to,
)
from rollout_core.metrics.stratified import Side, combined, combined_percentile

SUMS = st.lists(st.integers(-10**9, 10**9), max_size=30)


def sums(values: list[int]) -> Sums:
    return Sums(len(values), sum(values), sum(v * v for v in values), 1000 * len(values), min(values, default=None),
                max(values, default=None))


@given(SUMS, SUMS, SUMS)
def test_sums_merge_in_any_order(a: list[int], b: list[int], c: list[int]) -> None:
    assert sums(a) + sums(b) == sums(a + b) == sums(b) + sums(a)
    assert merged([sums(a), sums(b), sums(c)]) == sums(a + b + c)
    assert sums(a) + NOTHING == sums(a)


def test_clusters_and_bins_merge_place_by_place() -> None:
    one, other = {1: ClusterSums(2, 1)}, {1: ClusterSums(3, 1), 2: ClusterSums(1, 0)}
    assert merged_clusters([one, other]) == {1: ClusterSums(5, 2), 2: ClusterSums(1, 0)}
    assert merged_bins([{1: 2}, {1: 1, -1: 4}]) == {1: 3, -1: 4}


def test_wilson_by_hand_and_at_the_ends() -> None:
    # Wilson 1927, 8 of 10: (0.8 + 0.19207 ± 1.96·sqrt(0.016 + 0.0096036)) / 1.38415 = 0.49016 and 0.94331
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.49016, abs=1e-5)
    assert high == pytest.approx(0.94331, abs=1e-5)
    assert wilson(0, 50).low == 0.0
    assert wilson(0, 50).high > 0.0                   # no error seen is not "no errors"
    assert wilson(50, 50).high == 1.0
    assert wilson(0, 0) is None


@given(st.integers(1, 10**6), st.data())
def test_wilson_holds_its_estimate_and_widens_with_the_design_effect(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    narrow, wide = wilson(x, n), wilson(x, n, 4.0)
    assert narrow.low <= x / n + 1e-12
    assert narrow.high >= x / n - 1e-12
    assert wide.high - wide.low >= narrow.high - narrow.low - 1e-12


def test_the_mean_has_students_interval() -> None:
    found = sums([2, 4, 4, 4, 6])                      # mean 4, s² = 8/4 = 2, t(4) = 2.77645: 4 ± 2.77645·sqrt(2/5)
    assert variance(found) == 2.0
    assert mean_interval(found).high == pytest.approx(4 + 2.77645 * sqrt(0.4), abs=1e-5)
    assert mean_interval(sums([1])) is None


def test_clustered_variance_by_hand() -> None:
    # 10 buckets of 10 requests; 5 buckets fail 2, 5 fail none: r = 0.1, every e = ±1, sum e² = 10,
    # var = 10/9 · 10 / 100² = 0.0011111; t(9) = 2.26216: 0.1 ± 2.26216 · 0.033333
    clusters = {place: ClusterSums(10, 2 if place < 5 else 0) for place in range(10)}
    assert clustered_ratio(clusters).high == pytest.approx(0.1 + 2.26216 * 0.0333333, abs=1e-5)
    # as if independent: 0.1·0.9/100 = 0.0009; design effect 0.0011111/0.0009 = 1.2346
    assert share_design_effect(clusters) == pytest.approx(1.2346, abs=1e-4)


def test_too_few_clusters_say_nothing() -> None:
    few = {place: ClusterSums(10, place) for place in range(FEWEST_CLUSTERS - 1)}
    assert clustered_ratio(few) is None
    assert design_effect(few, 0.001) == 1.0
    assert share_design_effect({}) == 1.0


def test_a_relative_change_needs_two_positive_values() -> None:
    found = relative_change(Estimate(0.06, 0.003), Estimate(0.05, 0.0025))
    # log(1.2) = 0.182322, se = sqrt(0.05² + 0.05²) = 0.070711, half 0.138591: exp(0.043731) - 1, exp(0.320913) - 1
    assert found.low == pytest.approx(0.04470, abs=1e-4)
    assert found.high == pytest.approx(0.37838, abs=1e-4)
    assert relative_change(Estimate(0.0, 0.1), Estimate(0.05, 0.1)) is None
    assert difference(Estimate(3, 0.3), Estimate(1, 0.4)).low == pytest.approx(2 - 1.959964 * 0.5, abs=1e-6)


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_a_percentile_of_bins_is_within_one_percent_of_the_nearest_rank(values: list[int], share: float) -> None:
    bins: dict[int, int] = {}
    for value in values:
        bins[bin_of(value)] = bins.get(bin_of(value), 0) + 1
    exact = nearest_rank(sorted(values), share)
    assert percentile_of_bins(bins, share) == pytest.approx(exact, rel=RELATIVE_ERROR * 1.0001)


def test_woodruffs_interval_holds_the_percentile_and_narrows_with_data() -> None:
    few, many = ({bin_of(value): times for value in range(1000, 2000, 10)} for times in (1, 100))
    wide, narrow = percentile_interval(few, 0.75), percentile_interval(many, 0.75)
    assert wide.low < percentile_of_bins(few, 0.75) < wide.high
    assert narrow.high - narrow.low < wide.high - wide.low
    assert percentile_interval({3: 1}, 0.5) is None
    assert percentile_of_bins({}, 0.75) is None
    assert share_up_to({bin_of(100): 3, bin_of(1000): 1}, 500) == 0.75


def test_a_ramp_with_a_drifting_baseline_shows_no_change_within_strata() -> None:
    # Stratum 1: 10 % in treatment at a 1 % rate; stratum 2: 50 % at 3 %. Pooled, treatment looks 45 % worse
    # (T (1 + 15)/600 = 2.67 %, C (9 + 15)/1400 = 1.71 %); within strata nothing happened.
    pairs = [(Side(0.01, 0.01 * 0.99 / 100, 100), Side(0.01, 0.01 * 0.99 / 900, 900)),
             (Side(0.03, 0.03 * 0.97 / 500, 500), Side(0.03, 0.03 * 0.97 / 500, 500))]
    found = combined(pairs)
    assert found.treatment.value == pytest.approx(found.control.value)
    assert found.n == 2000


def test_a_stratum_without_both_arms_drops_out() -> None:
    lonely = (Side(0.9, 0.1, 1000), Side(0.0, 0.0, 0))
    pair = (Side(0.02, 0.001, 100), Side(0.01, 0.001, 100))
    assert combined([lonely, pair]).treatment.value == pytest.approx(0.02)
    assert combined([lonely]) is None
    assert combined_percentile([({10: 5}, {})], 0.75) is None


def test_percentiles_are_compared_over_a_common_mix() -> None:
    slow, fast = bin_of(4_000), bin_of(1_000)
    # Treatment is mostly in the slow stratum, control mostly in the fast one; within each they are the same.
    pairs = [({slow: 90}, {slow: 10}), ({fast: 10}, {fast: 90})]
    found = combined_percentile(pairs, 0.75)
    assert found.treatment.value == pytest.approx(found.control.value)


def test_net_promoter_score_without_answers_is_no_data() -> None:
    assert net_promoter_score({}) is None
    assert net_promoter_score({10: 1}).value == 100
