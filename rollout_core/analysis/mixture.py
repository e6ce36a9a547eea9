"""One-sided half-normal mixture e-process in information time, and its confidence sequence.

Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021 (Ann. Statist. 49(2), conjugate mixtures; `OneSidedNormalMixture`
in confseq). Asymptotic validity: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024 (arXiv 2103.06476).

With an estimate `th` and its standard error `se`: information V = 1/se², score S = z/se (z = th/se, or t turned to z).
The prior on the effect is ½·HN(mde) + ½·HN(4·mde): the smallest harm worth finding is the only thing to tune.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr, ndtri

from rollout_core.analysis.numbers import LOWEST_LOG_E, Floats, Numbers, floats

SCALES = (1.0, 4.0)
"""The mixture's prior scales in units of the MDE; a wide second one finds large harm early."""

_STEPS = 80


def log_e_half_normal(score: Numbers, information: Numbers, scale: Numbers) -> Floats:
    """log e of one half-normal prior HN(scale) on a positive effect. Broadcasts; log 1 = 0 at no information."""
    s, v = floats(score), floats(information)
    rho = 1.0 / floats(scale) ** 2
    total = v + rho
    return floats(0.5 * np.log(4.0 * rho / total) + s**2 / (2.0 * total) + log_ndtr(s / np.sqrt(total)))


def log_e(score: Numbers, information: Numbers, mde: Numbers) -> Floats:
    """log e for "the effect is above zero": the average of the two half-normal mixtures. Broadcasts."""
    m = floats(mde)
    parts = [log_e_half_normal(score, information, scale * m) for scale in SCALES]
    return floats(np.maximum(np.logaddexp(parts[0], parts[1]) - np.log(2.0), LOWEST_LOG_E))


def boundary(information: Numbers, mde: Numbers, log_level: Numbers) -> Floats:
    """The score u(V) at which log e reaches `log_level` (= log 1/α): vectorised bisection, exact to 1e-12 relative.

    log e rises strictly in the score, so the root is unique; at S = 0 it is at most 0.
    """
    v, m, level = np.broadcast_arrays(floats(information), floats(mde), floats(log_level))
    low = np.zeros(v.shape)
    high = np.ones(v.shape) * np.sqrt(v + 1.0 / m**2)
    for _ in range(_STEPS):
        short = log_e(high, v, m) < level
        if not short.any():
            break
        high = np.where(short, 2.0 * high, high)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        below = log_e(middle, v, m) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return floats(0.5 * (low + high))


def half_width(standard_error: Numbers, mde: Numbers, alpha: Numbers) -> Floats:
    """How far a one-sided 1 − alpha confidence sequence reaches from the estimate: u(V)/V with V = 1/se²."""
    v = 1.0 / floats(standard_error) ** 2
    return floats(boundary(v, mde, np.log(1.0 / floats(alpha))) / v)


def fixed_horizon_information(effect: Numbers, alpha: float = 0.05, power: float = 0.8) -> Floats:
    """I80: the information a fixed one-sided test needs, (z_α + z_power)²/effect² (6.18/effect² at 5 % and 80 %)."""
    return floats((ndtri(1.0 - alpha) + ndtri(power)) ** 2 / floats(effect) ** 2)
