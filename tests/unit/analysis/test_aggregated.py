"""Sums instead of events: the two-sided bound by hand, both directions, what is not usable."""

import math

import pytest

from rollout_core.analysis.aggregated import Look, judge_stream


def look(hours: float, n: float, difference: float, variance: float = 1.0) -> Look:
    return Look(hours, n, n, 10.0 + difference, 10.0, variance, variance)


def test_the_bound_is_that_of_equations_9_and_161() -> None:
    # α = .05: ρ² = (5.99146 + log 6.99146)/5000 = (5.99146 + 1.94469)/5000 = .00158723; n = 2·2500: r = 7.93615
    # half-width = se·√((1 + 1/7.93615)·log(8.93615/.0025)) = se·√(1.126006·8.181698) = 3.035196 se; se = √(2/2500)
    found = judge_stream([look(1.0, 2_500, 0.0)])
    assert found.upper == pytest.approx(3.035196 * math.sqrt(2 / 2_500), rel=1e-5)
    assert found.lower == pytest.approx(-3.035196 * math.sqrt(2 / 2_500), rel=1e-5)


@pytest.mark.parametrize("mde", [None, 0.05])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_is_proven_in_its_direction_at_the_first_look_that_shows_it(mde: float | None, sign: int) -> None:
    stream = [look(1.0, 1_000, 0.0), look(2.0, 4_000, sign * 0.3), look(3.0, 8_000, sign * 0.3)]
    found = judge_stream(stream, mde)
    assert (found.status, found.direction, found.decided_hours) == ("differs", sign, 2.0)


def test_what_was_proven_once_stays_proven_and_what_naive_tests_say_is_told_apart() -> None:
    # z = .1/√(2/1000) = 2.24 at the first look: enough for 1.96, not for 3.4; 0 at the last
    found = judge_stream([look(1.0, 1_000, 0.1), look(2.0, 2_000, 0.0)])
    assert (found.status, found.naive_any, found.naive_last) == ("undecided", True, False)


def test_no_variance_or_too_few_is_no_data() -> None:
    assert judge_stream([look(1.0, 1_000, 1.0, variance=0.0)]).status == "no_data"
    assert judge_stream([look(1.0, 29, 1.0)]).status == "no_data"
    assert judge_stream([look(1.0, 1_000, math.nan)]).status == "no_data"
    assert judge_stream([]).status == "no_data"
