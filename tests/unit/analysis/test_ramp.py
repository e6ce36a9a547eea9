"""The adaptive ramp's rule and its two tests: arithmetic by hand and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.analysis.ramp import (
    RELEASE_LOG_E,
    WIDEST_BOUND,
    RampPolicy,
    RampState,
    RampStep,
    advise,
    events_until_release,
    release_gain,
    stalls,
    upper_bound,
)

POLICY = RampPolicy(budget=100.0)


def state(**about):
    usual = {"share": 0.05, "hours_on_rung": 12.0, "spent": 5.0, "an_hour": 10.0, "log_e": 0.0}
    return RampState(**{**usual, **about})


@pytest.mark.parametrize(("about", "step", "share"), [
    ({}, RampStep.STEP_UP, 0.10),                                       # 5 + .1·10·12 = 17 of 100
    ({"hours_on_rung": 11.0}, RampStep.STAY, 0.05),                     # the dwell time is not over
    ({"spent": 89.0}, RampStep.STAY, 0.05),                             # 89 + 12 = 101 would overrun, 89 + 1 does not
    ({"spent": 99.5}, RampStep.HOLD_AND_ASK, 0.01),                     # 99.5 + .05·10·2 = 100.5: even staying would
    ({"spent": 99.5, "share": 0.005}, RampStep.STAY, 0.005),            # 99.6
    ({"log_e": 3.1}, RampStep.PAUSE, 0.0),                              # proven harm, whatever else
    ({"log_e": 3.1, "released": True}, RampStep.PAUSE, 0.0),
    ({"share": 0.25}, RampStep.STAY, 0.25),                             # not released: no higher than a quarter
    ({"share": 0.25, "released": True}, RampStep.STEP_UP, 0.50),
    ({"spent": 500.0, "released": True}, RampStep.STEP_UP, 0.10),       # released: the budget no longer binds
    ({"share": 0.95, "released": True}, RampStep.STAY, 0.95),
])
def test_the_ramp_steps_only_within_its_budget(about, step, share):
    found = advise(POLICY, state(**about))
    assert (found.step, found.share) == (step, share)


@given(spent=st.floats(0, 200), an_hour=st.floats(0, 100), share=st.sampled_from(POLICY.ladder))
def test_a_step_up_never_risks_more_than_the_budget_below_the_ceiling(spent, an_hour, share):
    found = advise(POLICY, state(share=share, spent=spent, an_hour=an_hour))
    if found.step is RampStep.STEP_UP:
        assert found.risk <= POLICY.budget
        assert found.share <= POLICY.ceiling


@given(spent=st.floats(0, 200), an_hour=st.floats(0, 100), share=st.sampled_from(POLICY.ladder),
       more=st.floats(0, 50))
def test_more_risk_never_leads_higher(spent, an_hour, share, more):
    here = advise(POLICY, state(share=share, spent=spent, an_hour=an_hour))
    riskier = advise(POLICY, state(share=share, spent=spent + more, an_hour=an_hour))
    assert riskier.share <= here.share


def test_an_event_in_control_speaks_for_release_and_one_in_treatment_against_it():
    # A quarter treated, ratio 1.25: under the margin an event is in treatment with .3125/1.0625 = .294118.
    # log(.25/.294118) = −.162519, log(.75/.705882) = .060625
    gains = release_gain([1, 0, 2], [0, 1, 3], [0.25, 0.25, 0.25], 1.25)
    assert gains == pytest.approx([-0.162519, 0.060625, 2 * -0.162519 + 3 * 0.060625], abs=2e-6)
    assert release_gain([4, 4], [9, 9], [0.0, 1.0], 1.25) == pytest.approx([0.0, 0.0]), "nobody to compare with"


@given(rate=st.floats(0.001, 0.6), tolerated=st.floats(1.02, 5.0), beyond=st.floats(1.0, 3.0),
       arms=st.tuples(st.integers(1, 6), st.integers(1, 6)))
@settings(max_examples=60, deadline=None)
def test_an_hour_at_or_beyond_the_margin_is_expected_to_gain_nothing(rate, tolerated, beyond, arms):
    n_t, n_c = arms
    p_t = rate * tolerated * beyond
    if p_t > 1.0:
        return

    def chances(n, p):
        k = np.arange(n + 1)
        ways = np.array([float(np.prod(np.arange(n, n - j, -1)) / np.prod(np.arange(1, j + 1))) for j in k])
        return ways * p**k * (1 - p) ** (n - k)
    x_t, x_c = np.meshgrid(np.arange(n_t + 1), np.arange(n_c + 1), indexing="ij")
    gain = release_gain(x_t, x_c, np.full(x_t.shape, n_t / (n_t + n_c)), tolerated)
    expected = float((np.outer(chances(n_t, p_t), chances(n_c, rate)) * np.exp(gain)).sum())
    assert expected <= 1.0 + 1e-9


def test_harm_at_the_margin_is_released_in_at_most_four_of_a_hundred_runs():
    # 2,000 runs of 1,500 errors, each in treatment with .294118; a true 4 % gives more than 105 in 1 of 500 seeds.
    rng = np.random.default_rng(5)
    hits = rng.random((2_000, 1_500)) < 0.3125 / 1.0625
    path = np.cumsum(release_gain(hits, ~hits, np.full(hits.shape, 0.25), 1.25), axis=1)
    assert np.sum((path >= RELEASE_LOG_E).any(axis=1)) <= 105


def test_the_errors_until_release_are_those_of_simulated_harmless_ramps():
    rng = np.random.default_rng(7)
    hits = rng.random((2_000, 1_500)) < 0.25
    path = np.cumsum(release_gain(hits, ~hits, np.full(hits.shape, 0.25), 1.25), axis=1)
    by_then = (path[:, : round(events_until_release(1.25, 0.25))] >= RELEASE_LOG_E).any(axis=1).mean()
    assert by_then == pytest.approx(0.8, abs=0.03)


def test_a_budget_that_does_not_fit_the_margin_is_named():
    # A quarter of n errors are treatment's, and .25 of those extra at the margin: .25·.25·950.5 = 59.4
    assert events_until_release(1.25, 0.25) == pytest.approx(950.5, abs=3)
    assert stalls(RampPolicy(budget=59.0), 1.25) == pytest.approx(59.4, abs=0.2)
    assert stalls(RampPolicy(budget=60.0), 1.25) is None


@given(tolerated=st.floats(1.02, 3.0))
@settings(max_examples=20, deadline=None)
def test_a_wider_margin_never_needs_more_errors(tolerated):
    assert events_until_release(tolerated + 0.1, 0.25) <= events_until_release(tolerated, 0.25)


def test_the_bound_of_one_look_is_two_and_a_third_deviations_away():
    # 2,000 of 200,000 on each side: p_C = 2000.5/200001 = .0100025, and with u = .000745 p_T = .0107475:
    # √(.0107475·.9892525/200000 + .0100025·.9899975/200000) = .00032042, times 2.32635 is .000745 again.
    found = upper_bound(([2_000.0], [200_000.0]), ([2_000.0], [200_000.0]))
    assert found == pytest.approx(0.000745, abs=2e-6)


def test_the_upper_bound_shrinks_towards_the_difference():
    few = upper_bound(([2.0], [100.0]), ([2.0], [100.0]))
    many = upper_bound(([2000.0], [100_000.0]), ([2000.0], [100_000.0]))
    assert many < 0.003 < few < WIDEST_BOUND
    assert upper_bound(([0.0], [0.0]), ([5.0], [100.0])) == WIDEST_BOUND


def test_the_bound_of_one_look_fails_in_one_of_a_hundred():
    # 5,000 looks at 10,000 treated and 30,000 control, 1.25 % against 1 %; a true 1 % gives more than 70 in 1 of 300.
    rng = np.random.default_rng(11)
    x_t, x_c = rng.binomial(10_000, 0.0125, (5_000, 1)), rng.binomial(30_000, 0.01, (5_000, 1))
    bound = upper_bound((x_t, np.full(x_t.shape, 10_000)), (x_c, np.full(x_c.shape, 30_000)))
    assert np.sum(bound < 0.0025) <= 70
