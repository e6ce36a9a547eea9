"""Ordinary 95 % intervals, for display. Decisions use the sequential ones of `rollout_core.analysis`.

Clusters: events of one subject are alike, so variances are computed over cluster buckets (Deng, Knoblich, Lu, KDD 2018)
where their sums are at hand, or a design effect (variance over clusters / variance as if independent) widens the
interval.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple

from scipy.special import stdtrit

from rollout_core.metrics.aggregates import Clusters, Sums

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""

FEWEST_CLUSTERS = 10
"""Below this many cluster buckets with data a cluster variance says little and is not used."""


class Interval(NamedTuple):
    """A 95 % interval in the unit of its estimate."""

    low: float
    high: float


def wilson(x: int, n: int, design_effect: float = 1.0) -> Interval | None:
    """Wilson's score interval of x / n (Wilson 1927, JASA 22); n is divided by the design effect. None when n is 0."""
    if n <= 0:
        return None
    size = n / max(1.0, design_effect)
    share = x / n
    centre = share + Z95**2 / (2 * size)
    spread = Z95 * sqrt(share * (1 - share) / size + Z95**2 / (4 * size**2))
    scale = 1 + Z95**2 / size
    low = 0.0 if x <= 0 else max(0.0, (centre - spread) / scale)
    return Interval(low, 1.0 if x >= n else min(1.0, (centre + spread) / scale))


def mean_interval(sums: Sums, design_effect: float = 1.0) -> Interval | None:
    """Student's interval of a mean, in the smallest unit. None with fewer than 2 values."""
    if sums.n < 2:
        return None
    mean = sums.s / sums.n
    half = _t(sums.n - 1) * sqrt(variance(sums) * max(1.0, design_effect) / sums.n)
    return Interval(mean - half, mean + half)


def variance(sums: Sums) -> float:
    """The sample variance (n - 1) from integer sums; exact subtraction, so it is never negative."""
    return (sums.n * sums.ss - sums.s**2) / (sums.n * (sums.n - 1)) if sums.n > 1 else 0.0


def clustered_ratio(clusters: Clusters) -> Interval | None:
    """The interval of sum(x) / sum(d) with the variance over buckets, B/(B-1)·sum(e²)/D², e = x - r·d.

    None with fewer than FEWEST_CLUSTERS buckets.
    """
    total_d = sum(part.d for part in clusters.values())
    if len(clusters) < FEWEST_CLUSTERS or total_d <= 0:
        return None
    ratio = sum(part.x for part in clusters.values()) / total_d
    half = _t(len(clusters) - 1) * sqrt(ratio_variance(clusters))
    return Interval(ratio - half, ratio + half)


def ratio_variance(clusters: Clusters) -> float:
    """Variance of sum(x) / sum(d) over cluster buckets. Raises ZeroDivisionError for fewer than 2 or no denominator."""
    total_d = sum(part.d for part in clusters.values())
    ratio = sum(part.x for part in clusters.values()) / total_d
    count = len(clusters)
    return count / (count - 1) * sum((part.x - ratio * part.d) ** 2 for part in clusters.values()) / total_d**2


def design_effect(clusters: Clusters, as_if_independent: float) -> float:
    """How many times larger the variance over clusters is than `as_if_independent`; at least 1, 1 when unknown."""
    if len(clusters) < FEWEST_CLUSTERS or as_if_independent <= 0 or not any(part.d for part in clusters.values()):
        return 1.0
    return max(1.0, ratio_variance(clusters) / as_if_independent)


def share_design_effect(clusters: Clusters) -> float:
    """The design effect of a proportion, from its buckets alone."""
    n = sum(part.d for part in clusters.values())
    x = sum(part.x for part in clusters.values())
    return design_effect(clusters, x * (n - x) / n**3) if n else 1.0


class Estimate(NamedTuple):
    """A value with its standard error."""

    value: float
    error: float


def difference(one: Estimate, other: Estimate) -> Interval:
    """The interval of `one - other`, independent."""
    half = Z95 * sqrt(one.error**2 + other.error**2)
    gap = one.value - other.value
    return Interval(gap - half, gap + half)


def relative_change(one: Estimate, other: Estimate) -> Interval | None:
    """The interval of one / other - 1, by the logarithm of the ratio (delta method). None unless both are positive."""
    if one.value <= 0 or other.value <= 0:
        return None
    half = Z95 * sqrt((one.error / one.value) ** 2 + (other.error / other.value) ** 2)
    middle = log(one.value / other.value)
    return Interval(exp(middle - half) - 1, exp(middle + half) - 1)


def estimate_of(value: float, interval: Interval) -> Estimate:
    """The standard error that a 95 % interval implies, for quantities known only by their interval."""
    return Estimate(value, (interval.high - interval.low) / (2 * Z95))


def _t(freedom: int) -> float:
    return float(stdtrit(freedom, 0.975))
