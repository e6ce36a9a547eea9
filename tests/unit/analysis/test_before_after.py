"""The before/after rule: jumps are alerts, levels and zeros are not, a long one becomes the new normal."""

import numpy as np

from rollout_core.analysis.before_after import FEWEST, LONGEST, PAST, alerts
from rollout_core.insight.watched_series import stretches


def noise(count: int, seed: int = 3) -> list[float]:
    return list(np.random.default_rng(seed).normal(10.0, 1.0, count))


def test_a_jump_is_an_alert_that_ends_when_it_is_over() -> None:
    values = [*noise(400), *[20.0] * 10, *noise(60, seed=4)]
    (found,) = alerts(values)
    # a rank of 1/337 bets ½·√337 = 9.2; three of them in a row are 773, four 7,100: more than 1,000 at the fourth at
    # the latest, a little earlier or later by what came just before
    assert 400 <= found.first <= 403
    assert 409 < found.last <= 425


def test_zeros_for_ever_and_a_level_are_no_alert() -> None:
    assert alerts([0.0] * 5_000) == ()
    assert alerts([7.0] * 500) == ()


def test_false_alerts_in_exchangeable_values_are_rarer_than_one_in_a_thousand() -> None:
    found = sum(len(alerts(noise(1_000, seed))) for seed in range(40))
    assert found <= 40


def test_nothing_is_said_before_there_is_a_past() -> None:
    assert alerts([1.0] * (FEWEST - 1) + [1e9]) == ()


def test_what_stays_high_becomes_the_new_normal() -> None:
    values = [*noise(PAST), *np.add(noise(LONGEST * 4, seed=5), 10.0)]
    found = alerts(values)
    assert found[0].first < PAST + 6
    assert PAST + LONGEST < found[0].last < PAST + 2 * LONGEST, "after a week its values join the past"
    assert found[-1].last < len(values) - 1


def test_labels_are_read_as_stretches() -> None:
    assert stretches([True, False, True, True]) == ((0, 0), (2, 3))
    assert stretches([]) == ()
    assert alerts([]) == ()
