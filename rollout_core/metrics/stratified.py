"""Comparing two arms within strata: what chance decided is compared only with its like.

Strata are weighted by nT·nC/(nT + nC) (Mantel-Haenszel), so one without both arms drops out by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import NamedTuple

from rollout_core.metrics.interval import Estimate, estimate_of
from rollout_core.metrics.measured import Alike
from rollout_core.metrics.percentile import percentile_interval, percentile_of_bins


class Side(NamedTuple):
    """One arm in one stratum: estimate, its variance, and how many it rests on."""

    value: float
    variance: float
    n: float


class Compared(NamedTuple):
    """Both arms brought to the same mix of strata, and how many each rests on."""

    treatment: Estimate
    control: Estimate
    treated: int
    controlled: int

    @property
    def n(self) -> int:
        """How many both rest on together."""
        return self.treated + self.controlled

    @property
    def fewest(self) -> int:
        """How many the smaller arm rests on."""
        return min(self.treated, self.controlled)

    def alike(self, unit: str) -> Alike:
        """The two values, as a comparison shows what it is of."""
        return Alike(self.treatment.value, self.control.value, self.treated, self.controlled, unit)


def combined(pairs: Iterable[tuple[Side, Side]]) -> Compared | None:
    """(treatment, control) of each stratum -> both arms over the common mix. None when no stratum has both."""
    used = [(t, c, t.n * c.n / (t.n + c.n)) for t, c in pairs if t.n > 0 and c.n > 0]
    total = sum(weight for _, _, weight in used)
    if total <= 0:
        return None
    sides = [[(t, w) for t, _, w in used], [(c, w) for _, c, w in used]]
    treatment, control = (
        Estimate(sum(w * side.value for side, w in column) / total,
                 sqrt(sum(w**2 * side.variance for side, w in column)) / total)
        for column in sides)
    return Compared(treatment, control, *_sizes((t.n, c.n) for t, c, _ in used))


def _sizes(pairs: Iterable[tuple[float, float]]) -> tuple[int, int]:
    """How many each arm has."""
    treated, controlled = (int(sum(side)) for side in zip(*pairs, strict=True))
    return treated, controlled


def combined_percentile(pairs: Iterable[tuple[Mapping[int, int], Mapping[int, int]]], share: float,
                        effects: tuple[float, float] = (1.0, 1.0)) -> Compared | None:
    """The same for percentiles: each arm's histogram is weighted to the common mix before it is read.

    `effects` are the arms' design effects. None when no stratum has both arms.
    """
    used = [(t, c, sum(t.values()), sum(c.values())) for t, c in pairs]
    used = [(t, c, nt, nc) for t, c, nt, nc in used if nt and nc]
    if not used:
        return None
    weights = [nt * nc / (nt + nc) for _, _, nt, nc in used]
    total = sum(weights)
    sides = ([(t, w / nt) for (t, _, nt, _), w in zip(used, weights, strict=True)],
             [(c, w / nc) for (_, c, _, nc), w in zip(used, weights, strict=True)])
    estimates = [_percentile(side, share, effect, total) for side, effect in zip(sides, effects, strict=True)]
    if estimates[0] is None or estimates[1] is None:
        return None
    return Compared(estimates[0], estimates[1], *_sizes((nt, nc) for _, _, nt, nc in used))


SCALE = 1_000_000
"""Weighted counts become integers on this scale, so that histograms stay integer."""


def _percentile(side: list[tuple[Mapping[int, int], float]], share: float, effect: float,
                total: float) -> Estimate | None:
    bins: dict[int, int] = {}
    squares = 0.0
    for part, weight in side:
        for place, count in part.items():
            bins[place] = bins.get(place, 0) + round(count * weight * SCALE)
            squares += count * weight**2
    value = percentile_of_bins(bins, share)
    if value is None or value <= 0 or squares <= 0:
        return None
    size = total**2 / squares          # Kish's effective sample size of the weighted counts
    interval = percentile_interval(bins, share, effect * sum(bins.values()) / size)
    return None if interval is None else estimate_of(value, interval)
