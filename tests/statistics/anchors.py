"""What others do, re-coded for comparison on the very same runs. None of this is part of the product.

* The seeds' bare threshold: the rate of the last 24 hours in treatment above 5 %, and 30 % above control's.
* A two-arm z-test at 5 %, one-sided, looked at every hour.
* GrowthBook's Safe Rollout: one-sided 5 % asymptotic confidence sequence, N* = 5000, arms pooled since the start.
  Two-sided half-width: gbstats 0.8.0, eq. 9 of arXiv 2103.06476v7 (checked against the package to 1e-9, see
  `oracle_gbstats.py`); one-sided: eq. 134 of the same paper, tuned by eq. 161 at 2α.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rollout_core.simulation.fresh_world import FreshRun
from rollout_core.simulation.returning_world import CONTROL, TREATMENT
from rollout_core.simulation.run_world import Outcome, Run

TUNING = 5000.0
FEWEST = 20


class Pooled(NamedTuple):
    """Cumulative sums per hour of both arms, strata pooled: x, n, variance of each arm's rate, units seen."""

    x_t: np.ndarray
    n_t: np.ndarray
    x_c: np.ndarray
    n_c: np.ndarray
    var_event: np.ndarray
    var_cluster: np.ndarray
    units: np.ndarray


def rho(alpha: float, tuning: float = TUNING) -> float:
    """Eq. 161: the mixing parameter whose interval is tightest at `tuning` subjects."""
    return float(np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / tuning))


def half_width_two_sided(variance, n, alpha=0.05):
    """Eq. 9: n subjects, `variance` that of the difference."""
    r2 = n * rho(alpha) ** 2
    return np.sqrt(variance * n) * np.sqrt(2 * (r2 + 1) * np.log(np.sqrt(r2 + 1) / alpha) / (n * r2))


def half_width_one_sided(variance, n, alpha=0.05):
    """Eq. 134: as above, one side only."""
    r2 = n * rho(2 * alpha) ** 2
    return np.sqrt(variance * n) * np.sqrt(2 * (r2 + 1) * np.log(1 + np.sqrt(r2 + 1) / (2 * alpha)) / (n * r2))


def pooled(run: Run) -> Pooled:
    """The run's sums with all strata thrown together, as a plain treatment-versus-control comparison has them."""
    hours = np.arange(run.world.hours)
    if isinstance(run, FreshRun):
        x_t, n_t, x_c, n_c = (np.cumsum(np.bincount(run.hour, column, len(hours))) for column in (
            run.x_treatment, run.n_treatment, run.x_control, run.n_control))
        variance = _event_variance(x_t, n_t, x_c, n_c)
        return Pooled(x_t, n_t, x_c, n_c, variance, variance, n_t + n_c)
    d, x = run.d.sum(axis=1).astype(float), run.x.sum(axis=1).astype(float)
    n_t, n_c, x_t, x_c = d[:, TREATMENT].sum(-1), d[:, CONTROL].sum(-1), x[:, TREATMENT].sum(-1), x[:, CONTROL].sum(-1)
    clustered = sum(_cluster_variance(d[:, arm], x[:, arm]) for arm in (TREATMENT, CONTROL))
    entered = sum(p.size * (1 - p.newcomers + p.newcomers * (hours + 1) / len(hours)) for p in run.world.populations)
    return Pooled(x_t, n_t, x_c, n_c, _event_variance(x_t, n_t, x_c, n_c), clustered, entered)


def _event_variance(x_t, n_t, x_c, n_c):
    total = 0.0
    for x, n in ((x_t, n_t), (x_c, n_c)):
        rate = x / np.maximum(n, 1)
        total = total + rate * (1 - rate) / np.maximum(n, 1)
    return total


def _cluster_variance(d, x):
    rate = x.sum(-1, keepdims=True) / np.maximum(d.sum(-1, keepdims=True), 1)
    buckets = d.shape[-1]
    return buckets / (buckets - 1) * ((x - rate * d) ** 2).sum(-1) / np.maximum(d.sum(-1), 1) ** 2


def _first(run, sums, alarms):
    enough = (sums.n_t >= FEWEST) & (sums.n_c >= FEWEST) & (sums.x_t + sums.x_c > 0)
    alarms = alarms & enough
    return Outcome(int(np.argmax(alarms)) if alarms.any() else None, None)


def _last_day(values):
    return values - np.concatenate((np.zeros(24), values[:-24]))


def seed_limit(run, sums, limit=0.05):
    """The seeds: error rate of the last 24 hours above 5 %."""
    n = _last_day(sums.n_t)
    return _first(run, sums, (n >= FEWEST) & (_last_day(sums.x_t) > limit * n))


def seed_degradation(run, sums, factor=1.3):
    """The seeds: the last 24 hours more than 30 % worse than control's."""
    n_t, n_c = _last_day(sums.n_t), _last_day(sums.n_c)
    worse = _last_day(sums.x_t) * n_c > factor * _last_day(sums.x_c) * n_t
    return _first(run, sums, (n_t >= FEWEST) & (n_c >= FEWEST) & worse)


def repeated_z(run, sums):
    """A one-sided z-test at 5 %, every hour."""
    return _first(run, sums, _difference(sums) > 1.6449 * np.sqrt(np.maximum(sums.var_event, 1e-300)))


def growthbook_events(run, sums):
    """Safe Rollout with every event an observation."""
    n = sums.n_t + sums.n_c
    return _first(run, sums, _difference(sums) > half_width_one_sided(sums.var_event, np.maximum(n, 1)))


def growthbook_units(run, sums):
    """Safe Rollout with a ratio metric: cluster-robust variance, N = units."""
    return _first(run, sums, _difference(sums) > half_width_one_sided(sums.var_cluster, np.maximum(sums.units, 1)))


def _difference(sums):
    return sums.x_t / np.maximum(sums.n_t, 1) - sums.x_c / np.maximum(sums.n_c, 1)


ANCHORS = {
    "seed: 24 h rate > 5 %": seed_limit,
    "seed: 24 h rate > 1.3 x control": seed_degradation,
    "z-test every hour": repeated_z,
    "GrowthBook, events": growthbook_events,
    "GrowthBook, units": growthbook_units,
}
