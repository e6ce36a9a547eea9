"""Web vitals: thresholds of the web-vitals library (inclusive) and the score of one measurement, 0..1.

The curve is the one Lighthouse publishes: log-normal, 0.9 at the good limit (p10), 0.5 at the poor limit (median).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, log

_AT_TEN_PERCENT = 0.9061938024368232
"""-erfc^-1(1.8) with its sign turned: where the curve is 0.9."""


@dataclass(frozen=True, slots=True)
class VitalLimits:
    """Up to `good` is good, above `poor` is poor (both inclusive on the better side). `weight` is the field weight in
    the page score; 0 where a vital is shown but not scored."""

    good: float
    poor: float
    unit: str
    weight: int


VITAL_LIMITS: Mapping[str, VitalLimits] = {
    "LCP": VitalLimits(2_500, 4_000, "ms", 30),
    "INP": VitalLimits(200, 500, "ms", 30),
    "CLS": VitalLimits(0.1, 0.25, "", 15),
    "FCP": VitalLimits(1_800, 3_000, "ms", 15),
    "TTFB": VitalLimits(800, 1_800, "ms", 10),
    "FID": VitalLimits(100, 300, "ms", 0),
}


def vital_score(name: str, value: float) -> float:
    """The score, 0..1, of one measurement (ms; CLS: its own number). A value of 0 scores 1. Raises KeyError."""
    limits = VITAL_LIMITS[name]
    if value <= 0:
        return 1.0
    x = log(value / limits.poor) * _AT_TEN_PERCENT / -log(limits.good / limits.poor)
    return erfc(x) / 2
