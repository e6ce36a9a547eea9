"""Quantiles as rates: freeze a reference value first, then count how often it is exceeded.

Against a limit "p75 at most 2.5 s" is "at most 25 % of views above 2.5 s". Against control the reference is control's
(or the pre-period's) own quantile, frozen before the data it is applied to: equal quantiles then mean equal shares
above it, and those are correlated yes/no events that the clustered kernel handles. Values live in a log histogram whose
bins are 2 % wide (relative error at most 1 %), with a bin of its own for 0. Woodruff 1952 for the interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rollout_core.analysis.numbers import Floats

GROWTH = 1.02
"""Upper edge of a bin over its lower edge."""

ZERO_BIN = -(10**9)
"""Where values of exactly 0 are counted (a layout shift of 0)."""


@dataclass(frozen=True, slots=True)
class LogHistogram:
    """Counts by bin, bins rising; bin b holds values from 1.02^b up to 1.02^(b+1), ZERO_BIN the zeros."""

    bins: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        """How many values."""
        return sum(self.counts)

    def quantile(self, q: float) -> float:
        """The nearest-rank quantile, as the geometric middle of its bin (within 1 %); nan when empty."""
        if self.n == 0:
            return float("nan")
        rank = max(int(np.ceil(q * self.n)), 1)
        place = int(np.searchsorted(np.cumsum(self.counts), rank))
        return middle_of(self.bins[min(place, len(self.bins) - 1)])

    def share_above(self, value: float) -> float:
        """Share of values above `value`; the bin it falls into is split by log distance. nan when empty."""
        if self.n == 0:
            return float("nan")
        if value <= 0.0:
            return 1.0 - sum(c for b, c in zip(self.bins, self.counts, strict=True) if b == ZERO_BIN) / self.n
        place = np.log(value) / np.log(GROWTH)
        above = np.where(np.array(self.bins) == ZERO_BIN, 0.0, np.clip(np.array(self.bins) + 1.0 - place, 0.0, 1.0))
        return float(above @ np.array(self.counts) / self.n)


def bin_of(value: float) -> int:
    """The bin of a value ≥ 0."""
    return ZERO_BIN if value <= 0.0 else int(np.floor(np.log(value) / np.log(GROWTH)))


def middle_of(position: int) -> float:
    """The geometric middle of a bin."""
    return 0.0 if position == ZERO_BIN else float(GROWTH ** (position + 0.5))


def merged(histograms: list[LogHistogram]) -> LogHistogram:
    """Several histograms as one."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for position, count in zip(histogram.bins, histogram.counts, strict=True):
            total[position] = total.get(position, 0) + count
    return LogHistogram(tuple(sorted(total)), tuple(total[position] for position in sorted(total)))


def woodruff_interval(histogram: LogHistogram, q: float, error_of_share: float) -> tuple[float, float]:
    """The quantile's bounds from those of its rank: quantiles at q ± error (the caller's half-width on the share)."""
    low, high = max(q - error_of_share, 0.0), min(q + error_of_share, 1.0)
    return histogram.quantile(low), histogram.quantile(high)


def exceedance_mde(histogram: LogHistogram, q: float, relative: float) -> float:
    """A relative rise of the quantile (0.10: +10 %) as a rise of the share above the frozen reference.

    When every value grows by that factor, what lay above reference/(1 + relative) now lies above the reference.
    """
    reference = histogram.quantile(q)
    return histogram.share_above(reference / (1.0 + relative)) - histogram.share_above(reference)


def capped(values: Floats, cap: float) -> Floats:
    """Values cut at the cap (p99 of the baseline): what means of heavy-tailed metrics are taken of."""
    return np.minimum(values, cap)
