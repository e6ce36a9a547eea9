"""A rate against a fixed threshold, one yes/no outcome per subject: truncated-beta mixture, exact at any count.

Robbins 1970; Howard et al. 2021 (beta-binomial mixture; confseq `BetaBinomialMixture`). The likelihood is averaged
over a Beta(a, b) prior cut off at the threshold p0 and compared with p0 itself; valid while every outcome's chance is
at most p0 (or at least p0 in the mirrored direction), however it moves. The prior's scales are the MDE and four times
the MDE, but no wider than the room there is: a rate cannot lie two points below one per cent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betainc, betaln

from rollout_core.analysis.mixture import SCALES
from rollout_core.analysis.numbers import LOWEST_LOG_E, Floats, Numbers, floats

SMALLEST_MASS = 0.5
"""Smallest a + b of the prior; the wide scale is left out where it would need less."""

def log_e_above(events: Numbers, subjects: Numbers, threshold: Numbers, mde: float) -> Floats:
    """log e for "the rate is above the threshold". Broadcasts over counts and thresholds (0 < threshold < 1)."""
    x, n, p0 = np.broadcast_arrays(floats(events), floats(subjects), floats(threshold))
    scales = [np.minimum(scale * mde, 1.0 - p0) for scale in SCALES]
    narrow, wide = (_truncated(x, n, p0, scale) for scale in scales)
    usable = p0 * (1.0 - p0) / scales[1] ** 2 - 1.0 > SMALLEST_MASS
    both = np.logaddexp(narrow, wide) - np.log(2.0)
    return np.maximum(np.where(usable, both, narrow), LOWEST_LOG_E)


def log_e_below(events: Numbers, subjects: Numbers, threshold: Numbers, mde: float) -> Floats:
    """log e for "the rate is below the threshold": the mirror image."""
    x, n = floats(events), floats(subjects)
    return log_e_above(n - x, n, 1.0 - floats(threshold), mde)


def _truncated(x: Floats, n: Floats, p0: Floats, scale: Floats) -> Floats:
    mass = np.maximum(p0 * (1.0 - p0) / scale**2 - 1.0, SMALLEST_MASS)
    a, b = p0 * mass, (1.0 - p0) * mass
    # sf of Beta(a, b) at p0 is the mirrored cdf; where it underflows e is far below any use and set to the floor.
    tail, prior_tail = betainc(b + n - x, a + x, 1.0 - p0), betainc(b, a, 1.0 - p0)
    with np.errstate(divide="ignore"):
        value = (betaln(a + x, b + n - x) + np.log(tail) - betaln(a, b) - np.log(prior_tail)
                 - x * np.log(p0) - (n - x) * np.log1p(-p0))
    return floats(np.where(tail > 1e-290, value, LOWEST_LOG_E))


def rate_interval(events: float, subjects: float, mde: float, alpha: float) -> tuple[float, float]:
    """Bounds of the rate, each with error alpha at all times together: the thresholds that are not excluded."""
    if subjects <= 0:
        return 0.0, 1.0
    level, seen = np.log(1.0 / alpha), events / subjects
    lower = last_excluded(lambda p: log_e_above(events, subjects, p, mde) >= level, 0.0, seen)
    upper = last_excluded(lambda p: log_e_below(events, subjects, p, mde) >= level, 1.0, seen)
    return lower, upper


def last_excluded(excluded: Callable[[Floats], np.ndarray], outer: float, inner: float, *, rounds: int = 5,
                  points_a_round: int = 40) -> float:
    """The excluded value nearest to `inner`, coming from `outer` (returned when nothing is excluded).

    Each round narrows the gap to one of points_a_round + 1 parts; what is returned lies on the wide side.
    """
    if outer == inner:
        return outer
    for _ in range(rounds):
        points = np.linspace(outer, inner, points_a_round + 2)
        reached = np.asarray(excluded(points[1:-1]))
        count = points_a_round if reached.all() else int(np.argmin(reached))
        outer, inner = float(points[count]), float(points[count + 1])
    return outer
