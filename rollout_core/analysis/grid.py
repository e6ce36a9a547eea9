"""The grid of effects that the exact kernels mix over: the half-normal prior of `mixture` on 16 points.

Effects are log odds ratios (Turner) or log rate ratios (tilt). Increments add per effect; the e-value is their
weighted mean at the end, so one short vector per metric is all the state there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from rollout_core.analysis.mixture import SCALES
from rollout_core.analysis.numbers import Floats

POINTS = 16
SMALLEST, LARGEST = 0.15, 10.0
"""First and last grid point in units of the MDE (the wider prior, HN(4·mde), has 99 % of its mass below 10.3·mde)."""


@dataclass(frozen=True, slots=True, eq=False)
class EffectGrid:
    """`effects` (16,) positive, rising; `log_weights` (16,), exponentiated they sum to one."""

    effects: Floats
    log_weights: Floats


def _unit_grid() -> EffectGrid:
    ratios = np.geomspace(SMALLEST, LARGEST, POINTS)
    cuts = np.concatenate(([0.0], np.sqrt(ratios[:-1] * ratios[1:]), [np.inf]))
    mass = np.zeros(POINTS)
    for scale in SCALES:
        mass += np.diff(2.0 * ndtr(cuts / scale) - 1.0)
    return EffectGrid(effects=ratios, log_weights=np.log(mass / mass.sum()))


UNIT_GRID = _unit_grid()
"""The grid for an MDE of 1."""


def effect_grid(mde: float) -> EffectGrid:
    """Log-spaced effects around the MDE (> 0, on the log scale), weighted by ½·HN(mde) + ½·HN(4·mde)."""
    return EffectGrid(effects=UNIT_GRID.effects * mde, log_weights=UNIT_GRID.log_weights)


def log_odds_mde(baseline: float, mde: float) -> float:
    """An absolute MDE on a share as a log odds ratio at the baseline."""
    higher = min(baseline + mde, 0.5 * (1.0 + baseline))
    return float(np.log(higher / (1.0 - higher)) - np.log(baseline / (1.0 - baseline)))


def log_ratio_mde(baseline: float, mde: float) -> float:
    """An absolute MDE on a rate as a log rate ratio at the baseline."""
    return float(np.log1p(mde / baseline))
