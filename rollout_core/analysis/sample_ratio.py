"""Sample-ratio mismatch: do the recorded exposures split as configured, hour by hour?

The tilt of Lindon & Malek (arXiv 2011.03567) against the configured share of each hour and stratum, so a ramp is no
mismatch. Its own error rate is 1 %; the answer is "hold": it voids every go, never a proof of harm.
"""

from __future__ import annotations

import numpy as np

from rollout_core.analysis import tilt
from rollout_core.analysis.grid import EffectGrid
from rollout_core.analysis.numbers import Floats, Numbers

ALPHA = 0.01

_SIZES = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])

MISMATCH_GRID = EffectGrid(effects=np.concatenate((-_SIZES[::-1], _SIZES)), log_weights=np.full(12, -np.log(12.0)))
"""Log odds of a subject being recorded in treatment rather than control, too few or too many, from 1 % to 38 %."""


def increments(new_treatment: Numbers, new_control: Numbers, configured_share: Numbers) -> Floats:
    """Log-likelihood ratios of newly exposed subjects (...,) against the configured share -> (..., 12)."""
    return tilt.increments(new_treatment, new_control, configured_share, MISMATCH_GRID.effects)


def log_e(new_treatment: Numbers, new_control: Numbers, configured_share: Numbers) -> float:
    """log e for "the split is not the configured one" from rows (N,)."""
    return float(tilt.log_e(increments(new_treatment, new_control, configured_share).sum(axis=0), MISMATCH_GRID))
