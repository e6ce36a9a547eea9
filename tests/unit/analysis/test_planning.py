"""Detectability, bare thresholds, quantiles: arithmetic by hand and what must hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.analysis import forecast
from rollout_core.analysis.bare_threshold import false_alarm_rate
from rollout_core.analysis.detectability import Harm, PhaseTraffic, detectability, smallest_rise, treated_needed
from rollout_core.analysis.exceedance import (
    ZERO_BIN,
    LogHistogram,
    bin_of,
    exceedance_mde,
    merged,
    middle_of,
    woodruff_interval,
)


def test_planning_constants_are_the_published_ones_and_grow_with_the_number_of_guardrails():
    assert [forecast.planning_constant(p) for p in (0.5, 0.8, 0.9)] == [1.1, 1.95, 2.5]
    assert forecast.planning_constant(0.8, 4) == 2.65
    assert 2.65 < forecast.planning_constant(0.8, 6) < 3.0 < forecast.planning_constant(0.8, 16)


def test_a_tenth_of_a_percent_cannot_be_judged_by_numbers():
    # I80 = 6.18256/.03² = 6869.5; v = .05·.95 + .02·.98·(.001/.999) = .0475196; 1.95·6869.5·.0475196 = 636.55 treated.
    harm = Harm(0.02, 0.05)
    assert treated_needed(harm, 0.001) == pytest.approx(636.55, abs=0.01)
    phase = PhaseTraffic(share=0.001, eligible=50_000, arriving_per_hour=400, hours=72)
    found = detectability(phase, harm)
    assert found.eligible_needed == pytest.approx(636_551, abs=1)
    assert (found.hours_needed, found.possible) == (None, False)
    assert smallest_rise(phase, 0.02) is None or smallest_rise(phase, 0.02) > 0.2


def test_a_larger_share_needs_fewer_eligible_subjects():
    harm = Harm(0.02, 0.05)
    phases = [PhaseTraffic(share, 100_000, 400, 168) for share in (0.001, 0.05, 0.2, 0.5)]
    needed = [detectability(phase, harm).eligible_needed for phase in phases]
    assert needed == sorted(needed, reverse=True)
    assert detectability(PhaseTraffic(1.0, 100_000, 400, 168), harm).possible is False


def test_the_smallest_rise_is_just_possible():
    phase = PhaseTraffic(share=0.25, eligible=100_000, arriving_per_hour=100, hours=168)
    rise = smallest_rise(phase, 0.02)
    assert detectability(phase, Harm(0.02, 0.02 + rise)).possible
    assert not detectability(phase, Harm(0.02, 0.02 + 0.98 * rise)).possible


@pytest.mark.parametrize(("per_hour", "expected"), [(50, 1.00), (100, 0.93), (200, 0.35), (1000, 0.0)])
def test_a_bare_threshold_pauses_a_healthy_service_within_a_week(per_hour, expected):
    # 2 % errors against 5 %, 168 hourly looks: 100 an hour: P(X > 5) = .01548, 1 − (1 − .01548)^168 = .927
    assert false_alarm_rate(0.02, 0.05, per_hour, 168) == pytest.approx(expected, abs=0.005)


def test_a_floor_is_the_mirror_of_a_ceiling():
    floor, ceiling = false_alarm_rate(0.3, 0.2, 50, 24, above=False), false_alarm_rate(0.7, 0.8, 50, 24)
    assert floor == pytest.approx(ceiling)
    assert false_alarm_rate(0.3, 0.2, 0, 24) == 0.0


@given(values=st.lists(st.floats(1.0, 1e5), min_size=1, max_size=200), q=st.sampled_from([0.5, 0.75, 0.95]))
def test_a_histogram_quantile_is_within_one_percent_of_the_nearest_rank(values, q):
    bins = [bin_of(value) for value in values]
    histogram = merged([LogHistogram((b,), (1,)) for b in bins])
    exact = sorted(values)[max(int(np.ceil(q * len(values))), 1) - 1]
    assert histogram.quantile(q) == pytest.approx(exact, rel=0.011)


def test_zeros_have_a_bin_of_their_own():
    histogram = LogHistogram((ZERO_BIN, bin_of(0.1)), (8, 2))
    assert histogram.quantile(0.75) == 0.0 == middle_of(bin_of(0.0))
    assert histogram.share_above(0.0) == pytest.approx(0.2)


def test_ten_percent_slower_is_a_rise_of_the_share_above_the_reference():
    rng = np.random.default_rng(1)
    values = np.exp(rng.normal(7.0, 0.6, 200_000))
    bins, counts = np.unique(np.floor(np.log(values) / np.log(1.02)).astype(int), return_counts=True)
    histogram = LogHistogram(tuple(bins.tolist()), tuple(counts.tolist()))
    # normal: Φ̄(.6745 − ln 1.1/.6) = Φ̄(.5156) = .3031, so +.0531
    assert exceedance_mde(histogram, 0.75, 0.10) == pytest.approx(0.0531, abs=0.004)
    low, high = woodruff_interval(histogram, 0.75, 0.01)
    assert low < histogram.quantile(0.75) < high
