"""The stratified difference of yes/no outcomes, one per subject, for intervals beside the exact kernel.

Mantel-Haenszel weights over (epoch, inclusion) strata as in `clustered`; the variance under the tolerated ratio from
pooled rates, with half an event added per arm so that empty cells do not look certain.
"""

from __future__ import annotations

import numpy as np

from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.evidence import MetricEvidence, PairedCounts
from rollout_core.analysis.numbers import Floats, floats
from rollout_core.analysis.policy import DifferenceGuardrail, Direction

FEWEST_SUBJECTS = 10


def blocks_estimate(metric: MetricEvidence, rows: PairedCounts, rule: DifferenceGuardrail, *,
                    newest_only: bool = False) -> Estimate:
    """Treatment − ratio·control over all strata with a control; harm positive.

    `newest_only`: those of the newest epoch, where the rows count a subject again in every epoch.
    """
    stratum = np.asarray(rows.stratum, dtype=np.intp)
    newest = max((entry.epoch for entry in metric.strata), default=0)
    usable = np.array([entry.smaller_share > 0.0 and (entry.epoch == newest or not newest_only)
                       for entry in metric.strata], dtype=bool)
    x_t, n_t, x_c, n_c = (floats(np.bincount(stratum, np.asarray(column), len(metric.strata)) * usable) for column in (
        rows.x_treatment, rows.n_treatment, rows.x_control, rows.n_control))
    found = pooled_estimate(x_t, n_t, x_c, n_c, rule.tolerated_ratio)
    sign = 1.0 if rule.worse is Direction.HIGHER else -1.0
    return Estimate(sign * found.difference, found.error, sign * found.score, found.information, found.ready,
                    found.control_rate, found.treatment_rate)


def pooled_estimate(x_t: Floats, n_t: Floats, x_c: Floats, n_c: Floats, ratio: float = 1.0) -> Estimate:
    """The same from counts per stratum (..., strata)."""
    both = (n_t > 0) & (n_c > 0)
    safe_t, safe_c = np.where(both, n_t, 1.0), np.where(both, n_c, 1.0)
    raw = np.where(both, safe_t * safe_c / (safe_t + safe_c), 0.0)
    weights = raw / np.maximum(raw.sum(axis=-1, keepdims=True), 1e-300)
    rate_t, rate_c = np.where(both, x_t / safe_t, 0.0), np.where(both, x_c / safe_c, 0.0)
    base = np.clip((x_t + x_c + 0.5) / (ratio * safe_t + safe_c + 1.0), 1e-9, 1.0 - 1e-9)
    lifted = np.clip(ratio * base, 1e-9, 1.0 - 1e-9)
    variance = (weights**2 * (lifted * (1.0 - lifted) / safe_t + ratio**2 * base * (1.0 - base) / safe_c)).sum(axis=-1)
    usable = raw.sum(axis=-1) > 0.0
    error = np.where(usable, np.sqrt(np.where(usable, variance, 1.0)), np.nan)
    difference = (weights * (rate_t - ratio * rate_c)).sum(axis=-1)
    ready = usable & (np.where(both, n_t, 0.0).sum(axis=-1) >= FEWEST_SUBJECTS) & (
        np.where(both, n_c, 0.0).sum(axis=-1) >= FEWEST_SUBJECTS)
    information = np.where(usable, 1.0 / np.where(usable, variance, 1.0), 0.0)
    return Estimate(floats(difference), error, floats(np.where(ready, difference * information, 0.0)), information,
                    ready, (weights * rate_c).sum(axis=-1), (weights * rate_t).sum(axis=-1))
