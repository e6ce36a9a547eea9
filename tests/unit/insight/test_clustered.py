"""Sums by cluster bucket: strata and arms added up, the design effect of a share once."""

from __future__ import annotations

import pytest

from rollout_core.insight.clustered import NOT_KEPT, clustered
from rollout_core.metrics.aggregates import ClusterSums
from rollout_core.metrics.interval import share_design_effect
from rollout_core.ports.event_questions import Rows

COLUMNS = ("metric", "arm", "epoch", "bucket", "d", "x")
BOTH = frozenset({"control", "holdout"})


def test_strata_and_arms_are_added_up_bucket_by_bucket() -> None:
    found = clustered(Rows(COLUMNS, [
        ("tasks", "control", 1, 7, 10, 4), ("tasks", "control", 2, 7, 5, 1), ("tasks", "holdout", 1, 7, 1, 1),
        ("tasks", "holdout", 1, 9, 3, 0), ("tasks", "treatment", 1, 7, 100, 90)]))
    assert found["tasks"].sums(BOTH) == {7: ClusterSums(16, 6), 9: ClusterSums(3, 0)}
    assert found["tasks"].sums(frozenset({"control"})) == {7: ClusterSums(15, 5)}


def test_the_design_effect_is_that_of_the_arms_together() -> None:
    # 40 buckets of 10, in which either all or none are hit: as if one were asked ten times.
    rows = [("tasks", arm, 1, bucket, 10, 10 * (bucket % 2)) for arm in BOTH for bucket in range(40)]
    made = clustered(Rows(COLUMNS, rows))["tasks"]
    assert made.share_effect(BOTH) == share_design_effect(made.sums(BOTH))
    assert made.share_effect(BOTH) == pytest.approx(20 * 40 / 39), "20 a bucket, B / (B - 1)"
    assert made.share_effect(frozenset({"control"})) == pytest.approx(10 * 40 / 39)


def test_a_metric_without_buckets_widens_nothing() -> None:
    assert (NOT_KEPT.sums(BOTH), NOT_KEPT.share_effect(BOTH)) == ({}, 1.0)
