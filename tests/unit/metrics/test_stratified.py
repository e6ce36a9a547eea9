"""Two arms over the same strata: the mix, and how many the smaller arm rests on."""

import pytest

from rollout_core.metrics.stratified import Side, combined, combined_percentile


def test_the_smaller_arm_is_told_apart_from_both_together() -> None:
    """10 + 90 and 20 + 80: 200 together, 30 of them treated. Weights 10·90/100 = 9 and 20·80/100 = 16:
    treatment (9·1 + 16·2)/25 = 1.64, control (9·3 + 16·5)/25 = 4.28."""
    found = combined([(Side(1.0, 0.1, 10), Side(3.0, 0.1, 90)), (Side(2.0, 0.1, 20), Side(5.0, 0.1, 80))])
    assert found is not None
    assert (found.n, found.fewest) == (200, 30)
    assert (found.treatment.value, found.control.value) == pytest.approx((1.64, 4.28))


def test_a_stratum_without_one_arm_counts_for_nothing() -> None:
    found = combined([(Side(1.0, 0.1, 10), Side(3.0, 0.1, 20)), (Side(9.0, 0.1, 500), Side(0.0, 0.0, 0))])
    assert found is not None
    assert (found.n, found.fewest, found.treatment.value) == (30, 10, 1.0)


def test_percentiles_know_their_smaller_arm() -> None:
    found = combined_percentile([({300: 12}, {300: 70, 310: 7}), ({}, {300: 5})], 0.75)
    assert found is not None
    assert (found.n, found.fewest) == (89, 12)
