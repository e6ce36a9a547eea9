"""The tilt: given that an event happened, was it in treatment more often than treatment's share of those at risk?

Lindon & Malek, NeurIPS 2022 (arXiv 2011.03567); ter Schure, Pérez-Ortiz, Ly, Grünwald, NEJSDS 2024 (log-rank).
Exact for Poisson counts per exposure, for the first error of each subject (the share is that of subjects who had no
error yet), and for assignment counts against the configured share. Any count, share and time-varying base rate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rollout_core.analysis.grid import EffectGrid
from rollout_core.analysis.numbers import Floats, Numbers, floats, log_mean_exp

_RANGE, _PARTS = 12.0, 2**18
"""Log ratios from −6 to 6 in so many steps: bounds are found to 5e-5, on the wide side."""


def increments(events_treatment: Numbers, events_control: Numbers, share: Numbers, effects: Numbers) -> Floats:
    """Log-likelihood ratios: events per arm and treatment's share of the risk set, each (...,) -> (..., effects).

    inc = x_T·d − (x_T + x_C)·log(1 + r·(e^d − 1)). Shares of exactly 0 or 1 carry no comparison and give 0.
    """
    x_t, x_c, r = (floats(v)[..., None] for v in (events_treatment, events_control, share))
    d = floats(effects)
    gain = x_t * d - (x_t + x_c) * np.log1p(r * np.expm1(d))
    return floats(np.where((r > 0.0) & (r < 1.0), gain, 0.0))


def share_at_risk(at_risk_treatment: Numbers, at_risk_control: Numbers) -> Floats:
    """Treatment's share of those at risk; 0 where one arm is empty, so that the row carries no comparison."""
    t, c = floats(at_risk_treatment), floats(at_risk_control)
    return floats(np.where((t > 0) & (c > 0), t / np.maximum(t + c, 1.0), 0.0))


def tilted_share(share: Numbers, log_ratio: Numbers) -> Floats:
    """The chance that an event falls in treatment when its rate is e^log_ratio times control's."""
    r = floats(share)
    raised = r * np.exp(floats(log_ratio))
    return floats(raised / (1.0 - r + raised))


def log_e(log_likelihood: Numbers, grid: EffectGrid) -> Floats:
    """log e of summed increments (..., effects) -> (...,)."""
    return log_mean_exp(log_likelihood, grid.log_weights)


def log_e_above(events: tuple[Numbers, Numbers], share: Numbers, log_ratio: float, grid: EffectGrid) -> float:
    """log e for "treatment's rate is more than e^log_ratio times control's" from rows (N,); log_ratio 0: any harm."""
    moved = tilted_share(share, log_ratio) if log_ratio else floats(share)
    return float(log_e(increments(*events, moved, grid.effects).sum(axis=0), grid))


def log_e_below(events: tuple[Numbers, Numbers], share: Numbers, log_ratio: float, grid: EffectGrid) -> float:
    """log e for "less than e^log_ratio times control's": the same test with the arms exchanged."""
    treatment, control = events
    return log_e_above((control, treatment), 1.0 - floats(share), -log_ratio, grid)


def log_ratio_interval(events: tuple[Numbers, Numbers], share: Numbers, grid: EffectGrid,
                       alpha: float) -> tuple[float, float]:
    """Bounds of the log rate ratio, each with error alpha at all times together; ±inf where nothing is excluded yet."""
    level, happened = float(np.log(1.0 / alpha)), (floats(events[0]) + floats(events[1])) > 0
    events, share = (floats(events[0])[happened], floats(events[1])[happened]), floats(share)[happened]
    centre, reach = _guess(events, share)
    lower = _furthest(lambda m: log_e_above(events, share, m, grid) - level, (centre - reach, centre), direction=1.0)
    upper = _furthest(lambda m: log_e_below(events, share, m, grid) - level, (centre + reach, centre), direction=-1.0)
    return lower, upper


def _guess(events: tuple[Floats, Floats], share: Floats) -> tuple[float, float]:
    """The Mantel-Haenszel log rate ratio and six standard errors: where the bounds are looked for first."""
    treated, untreated = events
    information = float(np.sum((treated + untreated) * share * (1.0 - share)))
    ratio = (np.sum(treated * (1.0 - share)) + 0.5) / (np.sum(untreated * share) + 0.5)
    return float(np.log(ratio)), 6.0 / np.sqrt(max(information, 1.0))


def _furthest(surplus: Callable[[float], float], near: tuple[float, float], direction: float) -> float:
    """The last of 2^18 steps, coming from −6·direction, whose log e reaches the level: whose `surplus` is not negative.

    log e falls along the way, so that any two steps with the level between them may be taken for the ends; `near` are
    tried first, then where the line between the ends meets the level (Illinois: an end that stays counts half).
    """
    def ratio_of(step: int) -> float:
        return direction * (step * _RANGE / _PARTS - _RANGE / 2.0)
    last, beyond, high, low = 0, _PARTS, np.inf, -np.inf
    steps = [round((direction * each + _RANGE / 2.0) * _PARTS / _RANGE) for each in near]
    if surplus(ratio_of(0)) < 0.0:
        return -direction * np.inf
    stayed = 0
    while beyond - last > 1:
        met = steps.pop(0) if steps else (
            last + round((beyond - last) * high / (high - low)) if np.isfinite(high - low) else (last + beyond) // 2)
        step = min(max(met, last + 1), beyond - 1)
        found = surplus(ratio_of(step))
        if found >= 0.0:
            last, high, low = step, found, low / 2.0 if stayed > 0 else low
            stayed = 1
        else:
            beyond, low, high = step, found, high / 2.0 if stayed < 0 else high
            stayed = -1
    return ratio_of(last)
