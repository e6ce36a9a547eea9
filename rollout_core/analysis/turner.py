"""The 2x2 block e-variable: two arms, one yes/no outcome per subject, any base rate, any share, any count.

Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample tests of 2x2 tables", JSPI 2024
(arXiv 2106.02693). A block is one hour of one stratum: its sizes are known before its outcomes. With any predictable
p_C, p_T = expit(logit p_C + d) and p_0 = (n_T·p_T + n_C·p_C)/(n_T + n_C), the likelihood ratio against p_0 has
expectation at most one for every common rate (weighted arithmetic-geometric mean), so the rate may drift freely.

p_C is chosen per effect so that p_0 is the pooled rate of the past: under harm control's rate is lower than that, and
a p_C taken from the pooled past would be too high.
"""

from __future__ import annotations

import numpy as np

from rollout_core.analysis.grid import EffectGrid
from rollout_core.analysis.numbers import Floats, Numbers, floats, log_mean_exp

PSEUDO_SUBJECTS = 20.0
"""Weight of what was known before a block when its pooled rate is guessed."""

_SMALLEST_RATE = 1e-6


def increments(treatment: tuple[Numbers, Numbers], control: tuple[Numbers, Numbers],
               pooled_rate: Numbers, effects: Numbers) -> Floats:
    """Log-likelihood ratios of blocks: (x, n) per arm and a predictable pooled rate, each (...,) -> (..., effects).

    A block with an empty arm gives exactly 0: without a concurrent control nothing is learnt.
    """
    x_t, n_t = (floats(v)[..., None] for v in treatment)
    x_c, n_c = (floats(v)[..., None] for v in control)
    p_0 = np.clip(floats(pooled_rate), _SMALLEST_RATE, 1.0 - _SMALLEST_RATE)[..., None]
    p_c, p_t = rates_around(p_0, n_t / np.maximum(n_t + n_c, 1.0), floats(effects))
    rest = 1.0 - p_0
    gain = (x_t * np.log(p_t / p_0) + (n_t - x_t) * np.log((1.0 - p_t) / rest)
            + x_c * np.log(p_c / p_0) + (n_c - x_c) * np.log((1.0 - p_c) / rest))
    return floats(np.where((n_t > 0) & (n_c > 0), gain, 0.0))


def rates_around(pooled_rate: Numbers, share: Numbers, log_odds: Numbers) -> tuple[Floats, Floats]:
    """The control and treatment rates with this log odds ratio whose share-weighted mean is the pooled rate.

    The smaller root of the quadratic (1−r)(θ−1)·p_C² + ((1−r) + r·θ − P(θ−1))·p_C − P = 0 in its stable form, θ = e^d.
    """
    pooled, r, odds = floats(pooled_rate), floats(share), np.exp(floats(log_odds))
    a = (1.0 - r) * (odds - 1.0)
    b = (1.0 - r) + r * odds - pooled * (odds - 1.0)
    p_c = 2.0 * pooled / (b + np.sqrt(b**2 + 4.0 * a * pooled))
    return floats(p_c), floats(odds * p_c / (1.0 + (odds - 1.0) * p_c))


def predictable_rate(events: Numbers, subjects: Numbers, stratum: Numbers, hour: Numbers, history: Numbers,
                     table: Numbers = 0) -> Floats:
    """A pooled rate per block from strictly earlier hours only: (..., N) pooled counts in time order -> (..., N).

    `stratum` and `hour` are (N,) integers. The stratum's own past, plus 20 pseudo-subjects at the rate of everybody's
    past, which itself starts with 20 pseudo-subjects at the historical rate. Several tables, one after the other, are
    kept apart by their number in `table` (N,); each has strata and a `history` (N,) of its own.
    """
    x, n = floats(events), floats(subjects)
    hours, strata, tables = (np.broadcast_to(np.asarray(each), np.shape(hour)) for each in (hour, stratum, table))
    everybody = _rate_before(x, n, (tables, hours), np.broadcast_to(floats(history), x.shape))
    own = tables * (strata.max(initial=0) + 1) + strata
    order = np.argsort(own, kind="stable")                  # within a stratum the order of time stays
    rate = np.empty_like(everybody)
    rate[..., order] = _rate_before(x[..., order], n[..., order], (own[order], hours[order]), everybody[..., order])
    return rate


def _rate_before(x: Floats, n: Floats, place: tuple[np.ndarray, np.ndarray], prior: Floats) -> Floats:
    """The rate of the rows of one's own group in earlier hours; `place` are group and hour (N,), sorted by both."""
    group, hours = place
    rows = np.arange(len(group))
    goes_on = np.append(False, group[1:] == group[:-1])[:len(rows)]
    same_hour = goes_on & np.append(False, hours[1:] == hours[:-1])[:len(rows)]
    first_of_group, first_of_hour = (np.maximum.accumulate(np.where(same, 0, rows)) for same in (goes_on, same_hour))
    none = np.zeros((*x.shape[:-1], 1))
    past_x, past_n = (sums[..., first_of_hour] - sums[..., first_of_group] for sums in (
        np.concatenate((none, np.cumsum(v, axis=-1)), axis=-1) for v in (x, n)))
    return floats((past_x + PSEUDO_SUBJECTS * prior) / (past_n + PSEUDO_SUBJECTS))


def log_e(log_likelihood: Numbers, grid: EffectGrid) -> Floats:
    """log e of summed increments (..., effects) -> (...,)."""
    return log_mean_exp(log_likelihood, grid.log_weights)
