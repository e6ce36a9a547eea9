"""Percentages of requests in buckets."""

from __future__ import annotations

from rollout_core.flags.bucketing import buckets_of_percentage


def in_buckets(percentage: float | None) -> int | None:
    """A percentage (0..100) in buckets; None stays None. Raises InvalidPercentage."""
    return None if percentage is None else buckets_of_percentage(percentage)
