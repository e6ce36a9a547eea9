"""Rates, means and ratios with several correlated events per subject: stratified difference with cluster-robust error.

A cluster bucket is a hash of the randomised unit with its own salt, shared by both arms, so every variance is a sum
that merges in SQL. For arm a, stratum k, bucket b: denominator D (events, page views, subject-hours), numerator X.

    r_ak = ΣX/ΣD, th_k = r_Tk − m·r_Ck;  pooled residuals ψ_kb = (X_Tkb − m·r_k·D_Tkb)/D_Tk − m·(X_Ckb − r_k·D_Ckb)/D_Ck
    w_k ∝ D_Tk·D_Ck/(D_Tk + D_Ck) (Mantel-Haenszel);  th = Σ w_k·th_k;  se² = B/(B−1)·Σ_b (Σ_k w_k·ψ_kb)²

Delta method for ratios of clusters: Deng, Knoblich, Lu KDD 2018. Pre-period covariate: Deng, Xu, Kohavi, Walker
WSDM 2013. Strata without a concurrent control get weight 0. `m` is the tolerated ratio: 1 asks "worse at all", 1.3 asks
"more than 30 % worse".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import mixture
from rollout_core.analysis.numbers import Floats, floats, z_of_t

FEWEST_EVENTS = 20
FEWEST_EXPECTED = 10
FEWEST_CLUSTERS = 10


class ArmSums(NamedTuple):
    """Sums of one arm: `d` denominators and `x` numerators, each (..., strata, buckets)."""

    d: Floats
    x: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A stratified difference (...,): `difference` T − m·C, `error` its cluster-robust standard error (nan: none yet),
    `score` and `information` for the mixture, `ready` once the burn-in is over, `control_rate` and sums of the arms."""

    difference: Floats
    error: Floats
    score: Floats
    information: Floats
    ready: np.ndarray
    control_rate: Floats
    treatment_rate: Floats

    def shifted(self, margin: float) -> Estimate:
        """The same estimate of `difference − margin`: what a test against a tolerated margin looks at."""
        score = np.where(self.ready, self.score - margin * self.information, 0.0)
        return Estimate(self.difference - margin, self.error, score, self.information, self.ready,
                        self.control_rate, self.treatment_rate)


def estimate(treatment: ArmSums, control: ArmSums, before: tuple[ArmSums, ArmSums] | None = None,
             ratio: float = 1.0) -> Estimate:
    """The stratified difference of one look or of many at once: sums (..., strata, buckets) -> (...,).

    `before` holds the same sums for the time before the rollout, grouped by the arm a unit has in the stratum.
    """
    parts = _Strata.of(treatment, control, ratio)
    theta, psi = parts.theta, parts.psi
    if before is not None:
        theta, psi = _without_past(parts, _Strata.of(*before, 1.0))
    weights = parts.weights[..., None]
    difference = (parts.weights * theta).sum(axis=-1)
    bucket = (weights * psi).sum(axis=-2)
    clusters = (treatment.d.sum(axis=-2) + control.d.sum(axis=-2) > 0).sum(axis=-1)
    count = np.maximum(clusters, 2)
    variance = count / (count - 1.0) * (bucket**2).sum(axis=-1)
    usable = (variance > 0.0) & (parts.weights.sum(axis=-1) > 0.0)
    error = np.where(usable, np.sqrt(np.where(usable, variance, 1.0)), np.nan)
    ready = usable & _burnt_in(treatment, control, parts)
    z = z_of_t(np.where(ready, difference / error, 0.0), count - 1.0)
    information = np.where(usable, 1.0 / np.where(usable, variance, 1.0), 0.0)
    return Estimate(difference, error, floats(np.where(ready, z * np.sqrt(information), 0.0)), information, ready,
                    (parts.weights * parts.rate_control).sum(axis=-1),
                    (parts.weights * parts.rate_treatment).sum(axis=-1))


class _Strata(NamedTuple):
    """Per stratum: difference (..., K), centred residuals (..., K, B), weights (..., K), rates (..., K)."""

    theta: Floats
    psi: Floats
    weights: Floats
    rate_treatment: Floats
    rate_control: Floats
    expected: Floats

    @staticmethod
    def of(treatment: ArmSums, control: ArmSums, ratio: float) -> _Strata:
        d_t, d_c = treatment.d.sum(axis=-1), control.d.sum(axis=-1)
        x_t, x_c = treatment.x.sum(axis=-1), control.x.sum(axis=-1)
        both = (d_t > 0) & (d_c > 0)
        safe_t, safe_c = np.where(both, d_t, 1.0), np.where(both, d_c, 1.0)
        pooled = np.where(both, (x_t + x_c) / (ratio * safe_t + safe_c), 0.0)
        residual_t = treatment.x - ratio * pooled[..., None] * treatment.d
        residual_c = control.x - pooled[..., None] * control.d
        psi = residual_t / safe_t[..., None] - ratio * residual_c / safe_c[..., None]
        psi = np.where(both[..., None], psi - psi.mean(axis=-1, keepdims=True), 0.0)
        rate_t, rate_c = np.where(both, x_t / safe_t, 0.0), np.where(both, x_c / safe_c, 0.0)
        raw = np.where(both, d_t * safe_c / (d_t + safe_c), 0.0)
        weights = raw / np.maximum(raw.sum(axis=-1, keepdims=True), 1e-300)
        return _Strata(floats(rate_t - ratio * rate_c), floats(psi), floats(weights), floats(rate_t), floats(rate_c),
                       floats(np.where(both, pooled * np.minimum(d_t, d_c), 0.0)))


def _without_past(now: _Strata, past: _Strata) -> tuple[Floats, Floats]:
    """θ and ψ less what the units' own past explains: β_k = Σψψ'/Σψ'² per stratum."""
    spread = (past.psi**2).sum(axis=-1)
    beta = np.where(spread > 0.0, (now.psi * past.psi).sum(axis=-1) / np.where(spread > 0.0, spread, 1.0), 0.0)
    return floats(now.theta - beta * past.theta), floats(now.psi - beta[..., None] * past.psi)


def _burnt_in(treatment: ArmSums, control: ArmSums, parts: _Strata) -> np.ndarray:
    """True once there are 20 events, 10 expected in the smaller arm, 10 clusters with an event and 10 per arm."""
    compared = (parts.weights > 0.0)[..., None]
    x_t, x_c, d_t, d_c = (np.where(compared, v, 0.0).sum(axis=-2)
                          for v in (treatment.x, control.x, treatment.d, control.d))
    events = (x_t + x_c).sum(axis=-1) >= FEWEST_EVENTS
    expected = parts.expected.sum(axis=-1) >= FEWEST_EXPECTED
    touched = ((x_t + x_c) > 0).sum(axis=-1) >= FEWEST_CLUSTERS
    arms = ((d_t > 0).sum(axis=-1) >= FEWEST_CLUSTERS) & ((d_c > 0).sum(axis=-1) >= FEWEST_CLUSTERS)
    return np.asarray(events & expected & touched & arms)


def log_e_worse(found: Estimate, mde: float) -> Floats:
    """log e for "treatment is higher"; exactly 0 until the burn-in is over."""
    return floats(np.where(found.ready, mixture.log_e(found.score, found.information, mde), 0.0))


def one_sample(sums: ArmSums, threshold: float) -> Estimate:
    """One arm's ratio against a fixed threshold: sums (..., buckets) -> (...,), residuals taken at the threshold.

    se² = max(B/(B−1)·Σe_b²/D², threshold·(1 − threshold)/ΣD) with e_b = X_b − threshold·D_b: an estimated variance
    alone lets a lucky start pass ("go" at the boundary in 14 %). The floor is left out for thresholds outside 0..1.
    """
    d, x = sums.d.sum(axis=-1), sums.x.sum(axis=-1)
    seen = np.maximum(d, 1.0)
    clusters = (sums.d > 0).sum(axis=-1)
    count = np.maximum(clusters, 2)
    residual = sums.x - threshold * sums.d
    variance = count / (count - 1.0) * (residual**2).sum(axis=-1) / seen**2
    if 0.0 < threshold < 1.0:
        variance = np.maximum(variance, threshold * (1.0 - threshold) / seen)
    usable = (d > 0) & (variance > 0.0)
    error = np.where(usable, np.sqrt(np.where(usable, variance, 1.0)), np.nan)
    ready = usable & (clusters >= FEWEST_CLUSTERS) & (threshold * d >= FEWEST_EXPECTED)
    difference = x / seen - threshold
    information = np.where(usable, 1.0 / np.where(usable, variance, 1.0), 0.0)
    z = z_of_t(np.where(ready, difference / error, 0.0), count - 1.0)
    rate = np.where(d > 0, x / seen, np.nan)
    score = floats(np.where(ready, z * np.sqrt(information), 0.0))
    return Estimate(floats(difference), error, score, information, ready, floats(rate), floats(rate))
