"""The error budget and the automatic choice of the kernel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.analysis import budget
from rollout_core.analysis.choose import Kernel, choose, combine
from rollout_core.analysis.evidence import Stratum


@given(current=st.integers(1, 60))
def test_all_weights_of_a_version_sum_to_one(current):
    begun = sum(budget.epoch_weight(j) for j in range(1, current + 1))
    assert budget.SINCE_START + begun + budget.weight_not_begun(current) == pytest.approx(1.0)


def test_four_equal_guardrails_need_an_e_value_of_eighty_each():
    # log 1/(0.05 · 1/4) = log 80
    assert budget.log_e_needed(dict.fromkeys("abcd", 1.0), "a") == pytest.approx(np.log(80.0))


def test_a_heavier_guardrail_needs_less():
    weights = {"errors": 3.0, "latency": 1.0}
    assert budget.log_e_needed(weights, "errors") == pytest.approx(np.log(1 / (0.05 * 0.75)))


def test_in_the_first_epoch_the_evidence_since_the_start_has_its_seventy_percent():
    # .7·e² + .3
    assert budget.log_e_of_scopes(2.0, {}, 1) == pytest.approx(np.log(0.7 * np.e**2 + 0.3))


def test_an_epoch_stakes_its_share_and_what_the_one_before_is_worth():
    # weights: epoch 2 .3/2 = .15, epoch 3 .3/6 = .05, not begun .3/3 = .1; e since start 1, epoch 2 worth 4, epoch 3 10
    # -> .7 + .1 + (.05 + .15·4)·10 = 7.3
    found = budget.log_e_of_scopes(0.0, {2: np.log(4.0), 3: np.log(10.0)}, 3)
    assert found == pytest.approx(np.log(7.3))


def test_after_a_reduction_only_the_epochs_since_then_count():
    # restart at epoch 3: .1 not begun + .05·e
    assert budget.log_e_of_scopes(None, {3: 1.0}, 3) == pytest.approx(np.log(0.1 + 0.05 * np.e))


@given(start=st.floats(-5, 5), epochs=st.lists(st.floats(-5, 5), max_size=6), shift=st.floats(0.1, 3))
def test_more_evidence_anywhere_is_more_evidence_in_all(start, epochs, shift):
    by_ordinal = {j + 2: value for j, value in enumerate(epochs)}
    current = len(epochs) + 1
    usual = budget.log_e_of_scopes(start, by_ordinal, current)
    assert budget.log_e_of_scopes(start + shift, by_ordinal, current) > usual
    for j, value in by_ordinal.items():
        assert budget.log_e_of_scopes(start, {**by_ordinal, j: value + shift}, current) > usual


@given(increments=st.lists(st.sampled_from([0.5, 1.5]), min_size=6, max_size=6))
def test_the_mean_of_bets_is_a_bet(increments):
    # A fair coin doubles as a martingale: half of all paths of each length average to the value before them.
    def value(path):
        start = float(np.log(np.prod(path)))
        epochs = {j: float(np.log(path[j])) for j in range(2, len(path))}
        return float(np.exp(budget.log_e_of_scopes(start, epochs, max(len(path) - 1, 1))))
    path = increments[:4]
    up, down = value([*path, 1.5]), value([*path, 0.5])
    assert (up + down) / 2 == pytest.approx(value([*path, 1.0]))


ONE_PERCENT, HALF, WHOLE = Stratum(1, 1_000), Stratum(2, 50_000), Stratum(3, 100_000)


@pytest.mark.parametrize(("strata", "exact", "clustered", "expected"), [
    ([HALF], True, True, Kernel.BOTH),
    ([HALF], True, False, Kernel.EXACT),
    ([HALF], False, True, Kernel.CLUSTERED),
    ([ONE_PERCENT], True, True, Kernel.EXACT),
    ([ONE_PERCENT], False, True, Kernel.ADVISORY),
    ([Stratum(1, 95_000)], True, True, Kernel.EXACT),
    ([Stratum(1, 10_000)], True, True, Kernel.BOTH),
    ([ONE_PERCENT, HALF], True, True, Kernel.BOTH),
    ([HALF], False, False, Kernel.NONE),
    ([WHOLE], True, True, Kernel.NONE),
    ([], True, True, Kernel.NONE),
])
def test_the_kernel_follows_from_shares_and_from_what_was_counted(strata, exact, clustered, expected):
    assert choose(strata, exact=exact, clustered=clustered) is expected


def test_both_kernels_share_one_stake():
    # (e³ + 1)/2
    assert combine(Kernel.BOTH, 3.0, 0.0) == pytest.approx(np.log((np.e**3 + 1) / 2))
