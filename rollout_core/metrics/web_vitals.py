"""Core Web Vitals: how a p75 is rated. Limits and the score of one measurement are in `vital_score.py`."""

from __future__ import annotations

from rollout_core.metrics.vital_score import VITAL_LIMITS

NAMES = {
    "LCP": "Largest Contentful Paint", "INP": "Interaction to Next Paint", "CLS": "Cumulative Layout Shift",
    "FCP": "First Contentful Paint", "TTFB": "Time to First Byte", "FID": "First Input Delay",
}
SHOWN = ("LCP", "INP", "CLS", "FCP", "TTFB")
"""The vitals every page shows; FID only where it was sent."""

GOOD, NEEDS_IMPROVEMENT, POOR, NO_DATA = "good", "needs improvement", "poor", "no data"


def rating(vital: str, value: float | None) -> str:
    """Good up to the good limit, needs improvement up to the poor limit (both inclusive), else poor.

    `value` in ms (CLS: its own number); None is no data. Raises KeyError for an unknown vital.
    """
    limits = VITAL_LIMITS[vital]
    if value is None:
        return NO_DATA
    if value <= limits.good:
        return GOOD
    return NEEDS_IMPROVEMENT if value <= limits.poor else POOR
