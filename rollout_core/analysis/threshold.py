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
from rollout_core.analysis.search import last_reaching

SMALLEST_MASS = 0.5
"""Smallest a + b of the prior; the wide scale is left out where it would need less."""

_SCALES, _SMALLEST_TAIL, _LOG_TWO = np.array(SCALES), 1e-290, float(np.log(2.0))


def log_e_above(events: Numbers, subjects: Numbers, threshold: Numbers, mde: float) -> Floats:
    """log e for "the rate is above the threshold". Broadcasts over counts and thresholds (0 < threshold < 1)."""
    x, n, p0 = floats(events), floats(subjects), floats(threshold)
    scales = np.minimum((mde * _SCALES).reshape(2, *(1,) * max(x.ndim, n.ndim, p0.ndim)), 1.0 - p0)
    mass = p0 * (1.0 - p0) / scales**2 - 1.0
    narrow, wide = _truncated(x, n, p0, np.maximum(mass, SMALLEST_MASS))
    both = np.logaddexp(narrow, wide) - _LOG_TWO
    return np.maximum(np.where(mass[1] > SMALLEST_MASS, both, narrow), LOWEST_LOG_E)


def log_e_below(events: Numbers, subjects: Numbers, threshold: Numbers, mde: float) -> Floats:
    """log e for "the rate is below the threshold": the mirror image."""
    x, n = floats(events), floats(subjects)
    return log_e_above(n - x, n, 1.0 - floats(threshold), mde)


def _truncated(x: Floats, n: Floats, p0: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """log e of both priors, whose a + b is `mass` (2, ...)."""
    a, b = p0 * mass, (1.0 - p0) * mass
    # sf of Beta(a, b) at p0 is the mirrored cdf; where it underflows e is far below any use and set to the floor.
    tail, prior_tail = betainc(b + n - x, a + x, 1.0 - p0), betainc(b, a, 1.0 - p0)
    seen = np.where(tail > _SMALLEST_TAIL, tail, 1.0)
    value = (betaln(a + x, b + n - x) + np.log(seen) - betaln(a, b) - np.log(prior_tail)
             - x * np.log(p0) - (n - x) * np.log1p(-p0))
    narrow, wide = np.where(tail > _SMALLEST_TAIL, value, LOWEST_LOG_E)
    return narrow, wide


def rate_interval(events: float, subjects: float, mde: float, alpha: float) -> tuple[float, float]:
    """Bounds of the rate, each with error alpha at all times together: the thresholds that are not excluded."""
    if subjects <= 0:
        return 0.0, 1.0
    level, seen = float(np.log(1.0 / alpha)), events / subjects
    reach = 3.0 * np.sqrt(max(seen * (1.0 - seen), 1.0 / subjects) / subjects)
    lower = last_excluded(lambda p: float(log_e_above(events, subjects, p, mde)) - level, 0.0, seen, reach)
    upper = last_excluded(lambda p: float(log_e_below(events, subjects, p, mde)) - level, 1.0, seen, reach)
    return lower, upper


def last_excluded(surplus: Callable[[float], float], outer: float, inner: float, reach: float,
                  parts: int = 41**5) -> float:
    """The excluded value nearest to `inner`, coming from `outer` (returned when nothing is excluded).

    `surplus` of a value is what its log e has beyond the level. The way is divided into so many parts, and what is
    returned lies on the wide side. `reach`: how far from `inner` it is looked for first.
    """
    if outer == inner:
        return outer
    step = (inner - outer) / parts
    near = parts - round(min(reach / abs(step), parts))
    last = last_reaching(lambda place: surplus(outer + place * step), parts, (near,))
    return outer + last * step
