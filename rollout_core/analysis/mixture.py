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
_NEAR = 1e-8
"""Relative size of the last step: Newton squares it, so what is left is below 1e-15."""

_LOG_TWO, _ROOT_OF_TWO_PI = float(np.log(2.0)), float(np.sqrt(2.0 * np.pi))


def log_e_half_normal(score: Numbers, information: Numbers, scale: Numbers) -> Floats:
    """log e of one half-normal prior HN(scale) on a positive effect. Broadcasts; log 1 = 0 at no information."""
    s, v = floats(score), floats(information)
    rho = 1.0 / floats(scale) ** 2
    total = v + rho
    return floats(0.5 * np.log(4.0 * rho / total) + s**2 / (2.0 * total) + log_ndtr(s / np.sqrt(total)))


def log_e(score: Numbers, information: Numbers, mde: Numbers) -> Floats:
    """log e for "the effect is above zero": the average of the two half-normal mixtures. Broadcasts."""
    narrow, wide = (log_e_half_normal(score, information, scale * floats(mde)) for scale in SCALES)
    return floats(np.maximum(np.logaddexp(narrow, wide) - _LOG_TWO, LOWEST_LOG_E))


def boundary(information: Numbers, mde: Numbers, log_level: Numbers) -> Floats:
    """The score u(V) at which log e reaches `log_level` (= log 1/α > 0), vectorised.

    log e is convex and rising in the score, so Newton's steps from the right of the root approach it from one side.
    """
    v, m, level = np.broadcast_arrays(floats(information), floats(mde), floats(log_level))
    rho = 1.0 / np.multiply.outer(SCALES, m) ** 2
    total = v + rho                                     # V + ρ of both priors, the narrow one first
    constant, spread = 0.5 * np.log(4.0 * rho / total), np.sqrt(total)
    # With weight ½ the narrow prior alone gets there at the latest where S²/2(V+ρ) = level + log 4 + ½·log((V+ρ)/4ρ).
    root = np.sqrt(2.0 * total[0] * (level + np.log(4.0) + np.maximum(-constant[0], 0.0)))
    for _ in range(_STEPS):
        z = root / spread
        log_cdf, half_square = log_ndtr(z), 0.5 * z**2
        narrow, wide = constant + half_square + log_cdf
        slopes = (z + np.exp(-half_square - log_cdf) / _ROOT_OF_TWO_PI) / spread
        share = 1.0 / (1.0 + np.exp(wide - narrow))
        step = (np.logaddexp(narrow, wide) - _LOG_TWO - level) / (slopes[1] + share * (slopes[0] - slopes[1]))
        root = root - step
        if np.all(np.abs(step) <= _NEAR * np.abs(root)):
            break
    return floats(root)


def half_width(standard_error: Numbers, mde: Numbers, alpha: Numbers) -> Floats:
    """How far a one-sided 1 − alpha confidence sequence reaches from the estimate: u(V)/V with V = 1/se²."""
    v = 1.0 / floats(standard_error) ** 2
    return floats(boundary(v, mde, np.log(1.0 / floats(alpha))) / v)


def fixed_horizon_information(effect: Numbers, alpha: float = 0.05, power: float = 0.8) -> Floats:
    """I80: the information a fixed one-sided test needs, (z_α + z_power)²/effect² (6.18/effect² at 5 % and 80 %)."""
    return floats((ndtri(1.0 - alpha) + ndtri(power)) ** 2 / floats(effect) ** 2)
