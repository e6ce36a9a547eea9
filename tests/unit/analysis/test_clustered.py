"""The clustered estimator: arithmetic by hand, weights, covariate, burn-in, thresholds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.analysis import clustered
from rollout_core.analysis.clustered import ArmSums
from rollout_core.analysis.numbers import z_of_t


def arm(d, x):
    return ArmSums(np.array(d, float), np.array(x, float))


def test_two_buckets_by_hand():
    # T: d 10, 10; x 2, 4 -> 0.3. C: d 10, 10; x 1, 1 -> 0.1. Pooled r = 8/40 = 0.2.
    # psi_b = (x_T − .2·10)/20 − (x_C − .2·10)/20: b1 (0 + 1)/20 = .05, b2 (2 + 1)/20 = .15; centred ∓.05.
    # se² = 2/1·(.05² + .05²) = .01
    found = clustered.estimate(arm([[10, 10]], [[2, 4]]), arm([[10, 10]], [[1, 1]]))
    assert found.difference == pytest.approx(0.2)
    assert found.error == pytest.approx(0.1)
    assert found.control_rate == pytest.approx(0.1)


def test_strata_are_weighted_by_mantel_haenszel_and_those_without_control_drop_out():
    # stratum 1: D_T 10, D_C 30 -> 7.5; stratum 2: 20, 20 -> 10; stratum 3: no control.
    # th_1 = 3/10 − 3/30 = .2; th_2 = 4/20 − 2/20 = .1 -> (7.5·.2 + 10·.1)/17.5
    treatment = arm([[5, 5], [10, 10], [40, 40]], [[1, 2], [2, 2], [30, 30]])
    control = arm([[15, 15], [10, 10], [0, 0]], [[2, 1], [1, 1], [0, 0]])
    assert clustered.estimate(treatment, control).difference == pytest.approx((7.5 * 0.2 + 10 * 0.1) / 17.5)


def test_drift_shared_by_both_arms_is_no_difference_while_pooling_sees_one():
    # Week 1: 10 % treated, rate 1 %; week 2: 90 % treated, rate 3 %.
    treatment, control = arm([[1000], [9000]], [[10], [270]]), arm([[9000], [1000]], [[90], [30]])
    assert clustered.estimate(treatment, control).difference == pytest.approx(0.0, abs=1e-12)
    pooled_treatment, pooled_control = 280 / 10000, 120 / 10000
    assert pooled_treatment > 2 * pooled_control


def test_a_tolerated_ratio_moves_the_null_there():
    # C 10 %, T 13 %: not more than 30 % worse.
    buckets = 50
    treatment = arm([[100] * buckets], [[13] * buckets])
    control = arm([[100] * buckets], [[10] * buckets])
    assert clustered.estimate(treatment, control, ratio=1.3).difference == pytest.approx(0.0, abs=1e-12)


def test_independent_outcomes_give_the_binomial_error():
    rng = np.random.default_rng(4)
    n, rate = 200_000, 0.05
    bucket = rng.integers(0, 128, (2, n))
    bad = rng.random((2, n)) < rate
    d = np.array([np.bincount(b, minlength=128) for b in bucket])
    x = np.array([np.bincount(b, weights=y, minlength=128) for b, y in zip(bucket, bad, strict=True)])
    found = clustered.estimate(arm(d[:1], x[:1]), arm(d[1:], x[1:]))
    assert found.error == pytest.approx(np.sqrt(2 * rate * (1 - rate) / n), rel=0.15)


def test_history_that_explains_everything_leaves_no_error():
    rng = np.random.default_rng(5)
    d = np.full((1, 64), 100.0)
    x_t, x_c = rng.integers(0, 20, (1, 64)).astype(float), rng.integers(0, 20, (1, 64)).astype(float)
    same = (ArmSums(d, x_t), ArmSums(d, x_c))
    with_history = clustered.estimate(ArmSums(d, x_t + 1), ArmSums(d, x_c), same)
    without = clustered.estimate(ArmSums(d, x_t + 1), ArmSums(d, x_c))
    assert with_history.difference == pytest.approx(0.01, abs=1e-9)     # one more of 100 in every bucket
    assert with_history.error < 1e-6 < without.error or np.isnan(with_history.error)


@given(events=st.integers(1, 19))
def test_it_is_silent_below_twenty_events(events):
    x = np.zeros((1, 128))
    x[0, :events] = 1
    d = np.full((1, 128), 50.0)
    found = clustered.estimate(ArmSums(d, x), ArmSums(d, np.zeros((1, 128))))
    assert not found.ready
    assert clustered.log_e_worse(found, 0.01) == 0.0


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_many_looks_at_once_are_the_looks_one_by_one(seed):
    rng = np.random.default_rng(seed)
    d_t, d_c = rng.integers(0, 50, (2, 5, 3, 16)).astype(float)
    x_t, x_c = rng.binomial(d_t.astype(int), 0.2).astype(float), rng.binomial(d_c.astype(int), 0.2).astype(float)
    together = clustered.estimate(ArmSums(d_t, x_t), ArmSums(d_c, x_c))
    for look in range(5):
        alone = clustered.estimate(ArmSums(d_t[look], x_t[look]), ArmSums(d_c[look], x_c[look]))
        assert alone.difference == pytest.approx(together.difference[look])
        assert alone.score == pytest.approx(together.score[look])


def test_few_clusters_have_heavier_tails():
    # t = 3 on 9 degrees of freedom has tail .00748, a normal deviate of 2.43
    assert z_of_t(3.0, 9.0) == pytest.approx(2.4329, abs=1e-3)
    assert z_of_t(-3.0, 9.0) == pytest.approx(-2.4329, abs=1e-3)


def test_one_arm_against_a_limit_takes_its_residuals_there_and_has_a_floor():
    # 20 buckets of 100 requests, 5 errors each: exactly at the limit, no residual, so the floor .05·.95/2000 counts.
    found = clustered.one_sample(ArmSums(np.full(20, 100.0), np.full(20, 5.0)), 0.05)
    assert found.difference == pytest.approx(0.0)
    assert found.error == pytest.approx(np.sqrt(0.05 * 0.95 / 2000))
