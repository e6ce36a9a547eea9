"""What is believed of an effect, when it will be proven, what is missing: arithmetic by hand and what must hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from rollout_core.analysis import mixture
from rollout_core.analysis.forecast import (
    Belief,
    Standing,
    believed,
    chance_by,
    chance_within,
    expected_extra_harm,
    need,
    posterior,
)

MDE, LEVEL = 0.02, float(np.log(20.0))
NOW = Standing(60.0, 4_000.0, MDE, LEVEL)

standings = st.builds(lambda information, z, mde, level: Standing(z * information**0.5, information, mde, level),
                      st.floats(10, 1e6), st.floats(-4, 2.2), st.floats(1e-3, 0.2), st.floats(2, 6))
"""Proofs that are open: at most 2.2 deviations, where 2.4 is the least that any level here asks for."""


def test_what_nobody_compared_is_believed_of_the_wide_prior_alone():
    # 1/(3·.01)² = 1111.1; 200/(10000 + 1111.1) = .018
    (only,) = believed(Standing(200.0, 10_000.0, 0.01, LEVEL))
    assert (only.weight, only.mean, only.precision) == pytest.approx((1.0, 0.018, 11_111.1), rel=1e-5)
    assert posterior(200.0, 10_000.0, 0.01) == pytest.approx((0.018, 11_111.1**-0.5), rel=1e-5)


def test_a_control_that_was_measured_says_where_treatment_may_be_expected():
    # Control: 90/(9000 + 1111.1) = .008901, variance 1/10111.1; a usual difference adds (.005)²: 1/(.0000989 + .000025)
    # = 8071. Together (200 + 8071·.008901)/18071 = .015043. How well each foresaw .02: spreads .001 and .0002239, so
    # −½·ln .001 − ½·.0004/.001 = 3.2539 and −½·ln .0002239 − ½·.011099²/.0002239 = 3.9270; 1/(1 + e^−.6731) = .6622.
    wide, near = believed(Standing(200.0, 10_000.0, 0.01, LEVEL, control=(90.0, 9_000.0)))
    assert (near.mean, near.precision, near.weight) == pytest.approx((0.015043, 18_071.0, 0.6622), rel=1e-3)
    assert (wide.mean, wide.weight) == pytest.approx((0.018, 0.3378), rel=1e-3)


def test_a_control_that_has_nothing_to_do_with_it_is_not_believed():
    # Adoption of a feature that control cannot have: 60 % against 0 % with a target of 50 %.
    alone, beside = NOW, replace(NOW, control=(-0.5 * 40_000, 40_000.0))
    assert believed(beside)[1].weight < 1e-6
    assert chance_within(beside, 6_000.0) == pytest.approx(chance_within(alone, 6_000.0), abs=1e-6)


def test_the_chance_is_that_of_simulated_futures_that_cross_at_some_time():
    rng, further, steps, paths = np.random.default_rng(3), 6_000.0, 200, 10_000
    for now in (NOW, replace(NOW, control=(200.0, 9_000.0)), replace(NOW, score=10.0, information=1_000.0)):
        parts = believed(now)
        which = rng.choice(len(parts), paths, p=[part.weight for part in parts])
        effect = (np.array([part.mean for part in parts])[which]
                  + rng.normal(size=paths) / np.sqrt([part.precision for part in parts])[which])
        score, crossed = np.full(paths, now.score), np.zeros(paths, bool)
        for step in range(1, steps + 1):
            score += effect * further / steps + rng.normal(size=paths) * np.sqrt(further / steps)
            crossed |= score >= mixture.boundary(now.information + further * step / steps, MDE, LEVEL)
        # The simulation looks 200 times and misses a little of what happens between two looks.
        assert chance_within(now, further) == pytest.approx(crossed.mean(), abs=0.018)


@given(now=standings, further=st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_waiting_longer_never_lowers_the_chance_and_some_time_is_no_less_than_the_end(now, further):
    ahead = now.information * further * np.arange(1, 31) / 30
    chances = chance_by(now, ahead)
    assert np.all(np.diff(chances) >= 0.0)
    assert 0.0 <= chances[0] <= chances[-1] <= 1.0
    (part,) = believed(now)
    spread = np.sqrt(ahead[-1] + ahead[-1] ** 2 / part.precision)
    edge = mixture.boundary(now.information + ahead[-1], now.mde, now.log_level)
    assert chances[-1] >= ndtr((now.score + part.mean * ahead[-1] - edge) / spread) - 0.01


@given(now=standings, more=st.floats(0.01, 2.0))
@settings(max_examples=60, deadline=None)
def test_better_evidence_never_lowers_the_chance_and_a_higher_level_never_raises_it(now, more):
    further = 3 * now.information
    here = chance_within(now, further)
    assert chance_within(replace(now, score=now.score + more * now.information**0.5), further) >= here - 1e-3
    assert chance_within(replace(now, log_level=now.log_level + more), further) <= here + 1e-3


def test_what_is_proven_already_needs_no_waiting():
    assert chance_by(replace(NOW, score=1e4), [1.0, 2.0]) == pytest.approx([1.0, 1.0])


def test_it_is_near_one_when_proof_is_at_hand_and_near_zero_when_it_points_the_other_way():
    # 4 and −4 deviations at 10,000; another 10,000 to come. The boundary lies at about 2.8.
    assert chance_within(Standing(250.0, 10_000.0, MDE, LEVEL), 10_000.0) > 0.75
    assert chance_within(Standing(-400.0, 10_000.0, MDE, LEVEL), 10_000.0) < 0.01


def test_one_who_knows_the_effect_is_surer_than_one_who_does_not():
    known = [Belief(1.0, 0.03, 1e8)]
    assert chance_by(NOW, [20_000.0], known)[0] > chance_within(NOW, 20_000.0)


@given(now=standings, n=st.integers(1, 10**7))
@settings(max_examples=60, deadline=None)
def test_nine_in_ten_takes_no_less_than_one_in_two(now, n):
    found = need(now, n, per_hour=10.0)
    assert 0 <= found.subjects_50 <= found.subjects_90
    assert (found.hours_50, found.hours_90) == (found.subjects_50 / 10.0, found.subjects_90 / 10.0)


def test_without_subjects_or_information_nothing_is_said():
    assert need(replace(NOW, information=0.0), 100) is None
    assert need(NOW, 0) is None
    assert need(NOW, 100).hours_50 is None, "no inflow, no hours"


def test_it_is_settled_one_way_or_the_other_as_often_as_is_said():
    """400 effects as the prior has them, each looked at after 2,000; what is said to be settled in half of the cases is
    (two deviations of a share of one half among about 300 open ones: 6 points)."""
    rng, begun, steps = np.random.default_rng(8), 2_000.0, 400
    by_half, by_most = [], []
    for effect in rng.normal(0.0, 3 * MDE, 400):
        score = effect * begun + rng.normal() * begun**0.5
        if abs(score) >= mixture.boundary(begun, MDE, LEVEL):
            continue
        missing = need(Standing(score, begun, MDE, LEVEL), 2_000)
        for said, settled in ((missing.subjects_50, by_half), (missing.subjects_90, by_most)):
            part = np.geomspace(1e-4, 1.0, steps) * said
            path = score + effect * part + np.cumsum(rng.normal(size=steps) * np.sqrt(np.diff(part, prepend=0.0)))
            settled.append(bool((np.abs(path) >= mixture.boundary(begun + part, MDE, LEVEL)).any()))
    assert np.mean(by_half) == pytest.approx(0.5, abs=0.08)
    assert np.mean(by_most) == pytest.approx(0.9, abs=0.05)


def test_expected_extra_harm_counts_only_harm():
    # Without evidence the posterior is N(0, (3·mde)²): E[max(θ, 0)] = .06/√(2π)
    assert expected_extra_harm(0.0, 0.0, MDE, 1000) == pytest.approx(60 / np.sqrt(2 * np.pi))
