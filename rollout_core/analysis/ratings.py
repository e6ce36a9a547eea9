"""The mean of bounded scores against a target (satisfaction above 4.0 of 1..5): a grid of constant bets.

Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSSB 2024. A bettor who starts with 1
and stakes the share λ on "higher than the target" multiplies by 1 + λ·(k − target); under a mean of at most the target
no bettor is expected to gain. Exact at any count; the counts per score are sufficient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rollout_core.analysis.numbers import Floats, Numbers, floats, log_mean_exp
from rollout_core.analysis.threshold import last_excluded

BETS = np.geomspace(0.06, 0.9, 12)
"""Stakes as shares of the largest one that cannot go bankrupt; on 1..5 against 4.0 they are .02 … .3."""

PARTS = 13**4
"""Into which the way from an end of the scale to the mean is divided: bounds lie on one of these steps."""


def log_e_above(counts: Numbers, scores: Sequence[float], target: float) -> Floats:
    """log e for "the mean is above the target": counts (..., K) of scores (K,) -> (...,). target > min(scores)."""
    values = floats(scores)
    bets = BETS / (target - values.min())
    gain = np.log1p(bets[:, None] * (values - target))
    return log_mean_exp(floats(counts) @ gain.T, np.full(len(BETS), -np.log(len(BETS))))


def log_e_below(counts: Numbers, scores: Sequence[float], target: float) -> Floats:
    """log e for "the mean is below the target": the scale turned round. target < max(scores)."""
    return log_e_above(counts, [-score for score in scores], -target)


def mean_interval(counts: Numbers, scores: Sequence[float], alpha: float) -> tuple[float, float]:
    """Bounds of the mean, each with error alpha at all times together."""
    values, level, n = floats(scores), float(np.log(1.0 / alpha)), floats(counts)
    lowest, highest = float(values.min()), float(values.max())
    if n.sum() <= 0:
        return lowest, highest
    seen = float(n @ values / n.sum())
    reach = 3.0 * float(np.sqrt(max(float(n @ (values - seen) ** 2), 1e-9))) / float(n.sum())
    return (last_excluded(lambda target: float(log_e_above(n, scores, target)) - level, lowest, seen, reach, PARTS),
            last_excluded(lambda target: float(log_e_below(n, scores, target)) - level, highest, seen, reach, PARTS))
