"""Mergeable sums: what the store hands over. Integers of a metric's smallest unit, so any order gives the same sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add


@dataclass(frozen=True, slots=True)
class Sums:
    """How many (`n`), sum and sum of squares of one stretch; `w` is the sum of display weights in thousandths.

    `mn`, `mx` are None when there is nothing. Adding two is the sums of both stretches.
    """

    n: int = 0
    s: int = 0
    ss: int = 0
    w: int = 0
    mn: int | None = None
    mx: int | None = None

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.s + other.s, self.ss + other.ss, self.w + other.w,
                    _extreme(min, self.mn, other.mn), _extreme(max, self.mx, other.mx))

    @property
    def mean(self) -> float | None:
        """s / n; None without anything."""
        return self.s / self.n if self.n else None


NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Numerator `x` and denominator `d` of one cluster bucket."""

    d: int
    x: int

    def __add__(self, other: ClusterSums) -> ClusterSums:
        return ClusterSums(self.d + other.d, self.x + other.x)


Clusters = Mapping[int, ClusterSums]
"""Cluster bucket (0..127) -> its sums. Buckets without anything are absent."""


def merged(parts: Iterable[Sums]) -> Sums:
    """The sums of all parts together."""
    return reduce(add, parts, NOTHING)


def merged_clusters(parts: Iterable[Clusters]) -> dict[int, ClusterSums]:
    """Bucket by bucket."""
    total: dict[int, ClusterSums] = {}
    for part in parts:
        for bucket, sums in part.items():
            total[bucket] = total[bucket] + sums if bucket in total else sums
    return total


def merged_bins(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Histograms bin by bin."""
    total: dict[int, int] = {}
    for part in parts:
        for place, count in part.items():
            total[place] = total.get(place, 0) + count
    return total


def _extreme(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
