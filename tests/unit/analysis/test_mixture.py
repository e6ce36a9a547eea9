"""The half-normal mixture: golden values, a martingale's expectation, its inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import norm

from rollout_core.analysis import mixture

positive = st.floats(1e-2, 1e2)


def test_at_score_zero_the_half_normal_is_worth_half_of_root_two():
    # V = 100, tau = 0.1 -> rho = 100: ½·log(4·100/200) + 0 + log ½ = ½·log 2 − log 2 = −0.34657
    assert mixture.log_e_half_normal(0.0, 100.0, 0.1) == pytest.approx(-0.5 * np.log(2.0), abs=1e-12)


def test_no_information_is_worth_nothing():
    # V = 0: ½·log 4 + log ½ = 0
    assert mixture.log_e(0.0, 0.0, 0.02) == pytest.approx(0.0, abs=1e-12)


def test_the_fixed_test_needs_six_point_one_eight_over_effect_squared():
    # (1.644854 + 0.841621)² = 6.18256
    assert mixture.fixed_horizon_information(1.0) == pytest.approx(6.18256, abs=1e-5)


def expected_e(information, mde, drift):
    """E[e] when the score is N(drift·√V, V): the prior reaches to about 12·4·mde·√V standard deviations."""
    spread, reach = np.sqrt(information), 12.0 * np.sqrt(1.0 + information * (4.0 * mde) ** 2)
    z = np.linspace(-12.0, 12.0 + reach, 400_001)
    density = np.exp(mixture.log_e(z * spread, information, mde) + norm.logpdf(z, loc=drift))
    return float(trapezoid(density, z))


@given(information=positive, mde=positive)
@settings(max_examples=25, deadline=None)
def test_without_an_effect_the_e_value_is_expected_to_stay_at_one(information, mde):
    assert expected_e(information, mde, 0.0) == pytest.approx(1.0, abs=1e-3)


@given(information=positive, mde=positive, drift=st.floats(-3.0, -0.01))
@settings(max_examples=25, deadline=None)
def test_with_a_negative_effect_the_e_value_is_expected_below_one(information, mde, drift):
    assert expected_e(information, mde, drift) < 1.0


@given(information=st.floats(1e-4, 1e8), mde=st.floats(1e-4, 10.0), level=st.floats(0.1, 12.0))
def test_the_boundary_is_where_log_e_reaches_the_level(information, mde, level):
    edge = mixture.boundary(information, mde, level)
    assert mixture.log_e(edge, information, mde) == pytest.approx(level, abs=1e-9)


@given(information=positive, mde=positive, score=st.floats(-50, 50), more=st.floats(0.01, 10))
def test_a_higher_score_is_more_evidence(information, mde, score, more):
    assert mixture.log_e(score + more, information, mde) >= mixture.log_e(score, information, mde)


def test_the_confidence_sequence_is_wider_than_the_fixed_interval_but_not_by_much():
    # At V = I80 of the MDE the one-sided 5 % sequence reaches 2.5 to 3.2 standard errors; the fixed test 1.645.
    error = 0.01 / np.sqrt(6.18256)
    assert 2.5 < float(mixture.half_width(error, 0.01, 0.05)) / error < 3.2
