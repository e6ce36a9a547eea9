"""The performance score of a page load, 0..100: the weighted mean of its vitals' scores, missing vitals left out."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.metrics.vital_score import VITAL_LIMITS, vital_score


def performance_score(vitals: Mapping[str, float]) -> float | None:
    """`vitals`: name -> value (ms; CLS its own number). Field weights LCP 30, INP 30, CLS 15, FCP 15, TTFB 10, over
    the vitals that are there. None when none of them has a weight."""
    weights = {name: VITAL_LIMITS[name].weight for name in vitals if name in VITAL_LIMITS}
    total = sum(weights.values())
    if total == 0:
        return None
    return 100 * sum(weight * vital_score(name, vitals[name]) for name, weight in weights.items() if weight) / total
