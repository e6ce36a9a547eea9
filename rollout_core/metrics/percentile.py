"""Percentiles: nearest rank, from raw values or from a log histogram, and their intervals (Woodruff)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log, sqrt

from rollout_core.metrics.interval import Z95, Interval

GAMMA = 1.02
RELATIVE_ERROR = (GAMMA - 1) / (GAMMA + 1)
"""Largest relative error of a value read from a bin: 0.0099, below 1 %."""

ZERO_BIN = -1
Bins = Mapping[int, int]
"""Bin -> count. Bin b holds GAMMA^b <= x < GAMMA^(b+1) of the smallest unit (so x >= 1); ZERO_BIN holds 0."""


def nearest_rank(ordered: Sequence[int], share: float) -> int:
    """The smallest value with at least `share` of the values up to it (DuckDB's quantile_disc).

    `ordered` is sorted and not empty; 0 < share <= 1. Raises ValueError when empty.
    """
    if not ordered:
        raise ValueError("a percentile of nothing")
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def bin_of(value: int) -> int:
    """The bin of a value in the smallest unit."""
    return ZERO_BIN if value <= 0 else floor(log(value) / log(GAMMA))


def bin_edges(place: int) -> tuple[float, float]:
    """The bin's [low, high) in the smallest unit; the zero bin is (0, 1)."""
    return (0.0, 1.0) if place == ZERO_BIN else (GAMMA**place, GAMMA ** (place + 1))


def bin_value(place: int) -> float:
    """The value that stands for a bin: the one with the smallest worst relative error, 2·low·high/(low+high)."""
    if place == ZERO_BIN:
        return 0.0
    low, high = bin_edges(place)
    return 2 * low * high / (low + high)


def percentile_of_bins(bins: Bins, share: float) -> float | None:
    """The nearest-rank percentile read from a log histogram, in the smallest unit; None when it is empty."""
    total = sum(bins.values())
    return _at_rank(bins, max(1, ceil(share * total))) if total else None


def percentile_interval(bins: Bins, share: float, design_effect: float = 1.0) -> Interval | None:
    """Woodruff's 95 % interval: the percentiles at share ± z·sqrt(share(1-share)/n_effective).

    Woodruff 1952, "Confidence intervals for medians and other position measures", JASA 47. None with fewer than 2.
    """
    total = sum(bins.values())
    if total < 2:
        return None
    half = Z95 * sqrt(share * (1 - share) * max(1.0, design_effect) / total)
    low = _at_rank(bins, max(1, ceil(max(0.0, share - half) * total)))
    high = _at_rank(bins, min(total, ceil(min(1.0, share + half) * total)))
    return Interval(low, high)


def share_up_to(bins: Bins, limit: float) -> float | None:
    """Share of values up to `limit` (smallest unit), by the bins' representatives; None when empty."""
    total = sum(bins.values())
    return sum(count for place, count in bins.items() if bin_value(place) <= limit) / total if total else None


def _at_rank(bins: Bins, rank: int) -> float:
    seen = 0
    for place in sorted(bins):
        seen += bins[place]
        if seen >= rank:
            return bin_value(place)
    return bin_value(max(bins))
