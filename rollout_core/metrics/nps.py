"""Net Promoter Score: share of 9 and 10 minus share of 0 to 6, times 100."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from rollout_core.metrics.interval import Estimate

PROMOTER_FROM = 9
DETRACTOR_UP_TO = 6


def net_promoter_score(counts: Mapping[int, int]) -> Estimate | None:
    """`counts`: score 0..10 -> answers. The score, -100..100, with its standard error; None without answers.

    Each answer counts +1, 0 or -1, so its variance is p + d - (p - d)².
    """
    n = sum(counts.values())
    if n == 0:
        return None
    promoters = sum(count for score, count in counts.items() if score >= PROMOTER_FROM) / n
    detractors = sum(count for score, count in counts.items() if score <= DETRACTOR_UP_TO) / n
    gap = promoters - detractors
    return Estimate(100 * gap, 100 * sqrt((promoters + detractors - gap**2) / n))
