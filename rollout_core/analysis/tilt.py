"""The tilt: given that an event happened, was it in treatment more often than treatment's share of those at risk?

Lindon & Malek, NeurIPS 2022 (arXiv 2011.03567); ter Schure, Pérez-Ortiz, Ly, Grünwald, NEJSDS 2024 (log-rank).
Exact for Poisson counts per exposure, for the first error of each subject (the share is that of subjects who had no
error yet), and for assignment counts against the configured share. Any count, share and time-varying base rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rollout_core.analysis.grid import EffectGrid
from rollout_core.analysis.numbers import Floats, Numbers, floats, log_mean_exp
from rollout_core.analysis.search import last_reaching

_RANGE, _PARTS = 12.0, 2**18
"""Log ratios from −6 to 6 in so many steps: bounds are found to 5e-5, on the wide side."""


def increments(events_treatment: Numbers, events_control: Numbers, share: Numbers, effects: Numbers) -> Floats:
    """Log-likelihood ratios: events per arm and treatment's share of the risk set, each (...,) -> (..., effects).

    inc = x_T·d − (x_T + x_C)·log(1 + r·(e^d − 1)). Shares of exactly 0 or 1 carry no comparison and give 0.
    """
    x_t, x_c, r, d = floats(events_treatment), floats(events_control), floats(share), floats(effects)
    either = r[..., None] * np.expm1(d)
    np.log1p(either, out=either)
    gain = x_t[..., None] * d - (x_t + x_c)[..., None] * either
    compared = (r > 0.0) & (r < 1.0)
    return floats(gain if compared.all() else np.where(compared[..., None], gain, 0.0))


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
    treated, untreated, r = floats(events[0]), floats(events[1]), floats(share)
    compared = (treated + untreated > 0) & (r > 0.0) & (r < 1.0)
    rows = _Compared(treated[compared], untreated[compared], r[compared])
    centre, reach = rows.guess()
    level = float(np.log(1.0 / alpha))
    return (_bound(lambda m: rows.log_e(m, grid, 1.0) - level, (centre - reach, centre), 1.0),
            _bound(lambda m: rows.log_e(m, grid, -1.0) - level, (centre + reach, centre), -1.0))


class _Compared(NamedTuple):
    """Rows (N,) with events, and a share strictly between 0 and 1."""

    treated: Floats
    untreated: Floats
    share: Floats

    def log_e(self, log_ratio: float, grid: EffectGrid, sign: float) -> float:
        """`log_e_above` (sign 1) or `log_e_below` (−1) of these rows, for which a moved share need not be made.

        With l(t) = Σ (x_T + x_C)·log(1 + r·(e^t − 1)) the log-likelihood of an effect d beyond m is
        ±d·Σ x_T − l(m ± d) + l(m): 1 + r_m·(e^d − 1) = (1 + r·(e^(m + d) − 1))/(1 + r·(e^m − 1)).
        """
        moves = sign * grid.effects
        tilted = np.multiply.outer(np.expm1(np.append(moves, 0.0) + log_ratio), self.share)
        tilted = np.log1p(tilted, out=tilted) @ (self.treated + self.untreated)
        return float(log_e(moves * self.treated.sum() - tilted[:-1] + tilted[-1], grid))

    def guess(self) -> tuple[float, float]:
        """The Mantel-Haenszel log rate ratio and six standard errors: where the bounds are looked for first."""
        information = float(np.sum((self.treated + self.untreated) * self.share * (1.0 - self.share)))
        ratio = (self.treated @ (1.0 - self.share) + 0.5) / (self.untreated @ self.share + 0.5)
        return float(np.log(ratio)), 6.0 / np.sqrt(max(information, 1.0))


def _bound(surplus: Callable[[float], float], near: tuple[float, float], direction: float) -> float:
    """The last of 2^18 log ratios, coming from −6·direction, that is excluded: whose `surplus` is not negative."""
    def ratio_of(step: int) -> float:
        return direction * (step * _RANGE / _PARTS - _RANGE / 2.0)
    steps = [round((direction * each + _RANGE / 2.0) * _PARTS / _RANGE) for each in near]
    last = last_reaching(lambda step: surplus(ratio_of(step)), _PARTS, steps)
    return ratio_of(last) if last or surplus(ratio_of(0)) >= 0.0 else -direction * np.inf
