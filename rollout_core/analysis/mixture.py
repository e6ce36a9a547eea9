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

_STEPS = 60


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
    """The score u(V) at which log e reaches `log_level` (= log 1/α > 0), vectorised.

    log e is convex and rising in the score, so Newton's steps from the right of the root approach it from one side.
    """
    v, m, level = np.broadcast_arrays(floats(information), floats(mde), floats(log_level))
    narrow, wide = (v + 1.0 / (scale * m) ** 2 for scale in SCALES)
    # With weight ½ the narrow prior alone gets there at the latest where S²/2(V+ρ) = level + log 4 + ½·log((V+ρ)/4ρ).
    root = np.sqrt(2.0 * narrow * (level + np.log(4.0) + 0.5 * np.log(np.maximum(narrow * m**2 / 4.0, 1.0))))
    for _ in range(_STEPS):
        parts = [log_e_half_normal(root, v, scale * m) for scale in SCALES]
        share = 1.0 / (1.0 + np.exp(parts[1] - parts[0]))
        slope = share * _slope(root, narrow) + (1.0 - share) * _slope(root, wide)
        step = (np.logaddexp(parts[0], parts[1]) - np.log(2.0) - level) / slope
        root = root - step
        if np.all(np.abs(step) <= 1e-13 * np.abs(root)):
            break
    return floats(root)


def _slope(score: Floats, total: Floats) -> Floats:
    """d log e / dS of one half-normal prior, total = V + ρ."""
    z = score / np.sqrt(total)
    hazard = np.exp(-0.5 * z**2 - log_ndtr(z)) / np.sqrt(2.0 * np.pi)
    return floats(score / total + hazard / np.sqrt(total))


def half_width(standard_error: Numbers, mde: Numbers, alpha: Numbers) -> Floats:
    """How far a one-sided 1 − alpha confidence sequence reaches from the estimate: u(V)/V with V = 1/se²."""
    v = 1.0 / floats(standard_error) ** 2
    return floats(boundary(v, mde, np.log(1.0 / floats(alpha))) / v)


def fixed_horizon_information(effect: Numbers, alpha: float = 0.05, power: float = 0.8) -> Floats:
    """I80: the information a fixed one-sided test needs, (z_α + z_power)²/effect² (6.18/effect² at 5 % and 80 %)."""
    return floats((ndtri(1.0 - alpha) + ndtri(power)) ** 2 / floats(effect) ** 2)
