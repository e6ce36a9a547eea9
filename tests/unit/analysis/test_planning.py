"""Forecast, detectability, the adaptive ramp, quantiles: arithmetic by hand and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.analysis import forecast, mixture, ramp
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
from rollout_core.analysis.ramp import RampPolicy, RampState, RampStep, advise, stalls


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


@given(score=st.floats(-50, 50), information=st.floats(1, 1e4))
@settings(max_examples=40, deadline=None)
def test_more_traffic_never_lowers_what_is_needed_to_the_impossible(score, information):
    found = forecast.need(score, information, 500, 0.02, np.log(20.0))
    assert found is None or 0 <= found.subjects_50 <= found.subjects_90


def test_the_forecast_is_near_one_when_proof_is_at_hand_and_near_zero_when_it_points_the_other_way():
    sure = forecast.probability_of_crossing(400.0, 10_000.0, 10_000.0, 0.02, np.log(20))
    hopeless = forecast.probability_of_crossing(-400.0, 10_000.0, 10_000.0, 0.02, np.log(20))
    assert sure > 0.95
    assert hopeless < 0.01


def test_the_closed_form_agrees_with_simulated_futures():
    score, information, further, mde, level = 60.0, 4_000.0, 6_000.0, 0.02, np.log(20)
    rng = np.random.default_rng(3)
    mean, deviation = forecast.posterior(score, information, mde)
    effects = rng.normal(mean, deviation, 200_000)
    ends = score + effects * further + rng.normal(0, np.sqrt(further), 200_000)
    simulated = np.mean(ends >= mixture.boundary(information + further, mde, level))
    formula = forecast.probability_of_crossing(score, information, further, mde, level)
    assert formula == pytest.approx(simulated, abs=0.01)


def test_the_need_at_half_chance_is_where_the_expected_score_meets_the_boundary():
    further = forecast.further_information(10.0, 1_000.0, 0.02, 0.02, (np.log(20), 0.5))
    assert 10.0 + 0.02 * further == pytest.approx(mixture.boundary(1_000.0 + further, 0.02, np.log(20)), rel=1e-6)


def test_expected_extra_harm_counts_only_harm():
    # Without evidence the posterior is N(0, (3·mde)²): E[max(θ, 0)] = .06/√(2π)
    assert forecast.expected_extra_harm(0.0, 0.0, 0.02, 1000) == pytest.approx(60 / np.sqrt(2 * np.pi))


@pytest.mark.parametrize(("per_hour", "expected"), [(50, 1.00), (100, 0.93), (200, 0.35), (1000, 0.0)])
def test_a_bare_threshold_pauses_a_healthy_service_within_a_week(per_hour, expected):
    # 2 % errors against 5 %, 168 hourly looks: 100 an hour: P(X > 5) = .01548, 1 − (1 − .01548)^168 = .927
    assert false_alarm_rate(0.02, 0.05, per_hour, 168) == pytest.approx(expected, abs=0.005)


def test_a_floor_is_the_mirror_of_a_ceiling():
    floor, ceiling = false_alarm_rate(0.3, 0.2, 50, 24, above=False), false_alarm_rate(0.7, 0.8, 50, 24)
    assert floor == pytest.approx(ceiling)
    assert false_alarm_rate(0.3, 0.2, 0, 24) == 0.0


POLICY = RampPolicy(budget=100.0, margin=0.005)


def state(**about):
    usual = {"share": 0.05, "hours_on_rung": 12.0, "treated": 500.0, "arriving_per_hour": 1000.0, "upper": 0.01,
             "upper_95": 0.02, "log_e": 0.0}
    return RampState(**{**usual, **about})


@pytest.mark.parametrize(("about", "step", "share"), [
    ({}, RampStep.STEP_UP, 0.10),                                   # .01·(500 + .1·1000·12) = 17 of 100
    ({"hours_on_rung": 11.0}, RampStep.STAY, 0.05),                 # the dwell time is not over
    ({"upper": 0.08}, RampStep.STAY, 0.05),                         # .08·1700 = 136 would overrun
    ({"upper": 0.18}, RampStep.HOLD_AND_ASK, 0.01),                 # .18·(500 + 100) = 108: even staying would
    ({"log_e": 3.1}, RampStep.PAUSE, 0.0),                          # proven harm
    ({"share": 0.5, "upper": 0.001}, RampStep.STAY, 0.5),           # not released
    ({"share": 0.5, "upper": 0.001, "upper_95": 0.004}, RampStep.STEP_UP, 0.95),
    ({"upper": 0.18, "released": True}, RampStep.STEP_UP, 0.10),    # below the margin once: the budget no longer binds
    ({"share": 0.95, "upper": 0.001, "upper_95": 0.001}, RampStep.STAY, 0.95),
])
def test_the_ramp_steps_only_within_its_budget(about, step, share):
    found = advise(POLICY, state(**about))
    assert (found.step, found.share) == (step, share)


@given(upper=st.floats(0, 1), treated=st.floats(1, 1e5), share=st.sampled_from(POLICY.ladder))
def test_a_step_up_never_risks_more_than_the_budget_below_the_ceiling(upper, treated, share):
    found = advise(POLICY, state(share=share, upper=upper, treated=treated))
    if found.step is RampStep.STEP_UP:
        assert found.risk <= POLICY.budget
        assert found.share <= POLICY.ceiling


def test_a_budget_that_does_not_fit_the_margin_is_named():
    # 1.1·6.18256/.001²·.02·.98·2 = 266,592 treated, each up to .001 -> 266.6 extra errors
    needed = stalls(RampPolicy(budget=100.0, margin=0.001), 0.02)
    assert needed == pytest.approx(266.59, abs=0.01)
    assert stalls(RampPolicy(budget=300.0, margin=0.001), 0.02) is None


def test_the_upper_bound_shrinks_towards_the_difference():
    few = ramp.upper_bound(([2.0], [100.0]), ([2.0], [100.0]), 0.01, 0.1)
    many = ramp.upper_bound(([2000.0], [100_000.0]), ([2000.0], [100_000.0]), 0.01, 0.1)
    assert many < 0.005 < few < 0.5
    assert ramp.upper_bound(([0.0], [0.0]), ([5.0], [100.0]), 0.01, 0.1) == 0.5


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
