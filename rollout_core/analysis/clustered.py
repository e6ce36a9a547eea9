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

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import mixture
from rollout_core.analysis.numbers import Floats, Numbers, floats, z_of_t

FEWEST_EVENTS = 20
FEWEST_EXPECTED = 10
FEWEST_CLUSTERS = 10
FEWEST_PER_ARM = 30


class ArmSums(NamedTuple):
    """Sums of one arm: `d` denominators and `x` numerators, each (..., strata, buckets)."""

    d: Floats
    x: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A stratified difference (...,): `difference` T − m·C, `error` its cluster-robust standard error (nan: none yet),
    `score` and `information` for the mixture, `ready` once the burn-in is over, and the weighted rates of both arms."""

    difference: Floats
    error: Floats
    score: Floats
    information: Floats
    ready: np.ndarray
    control_rate: Floats
    treatment_rate: Floats

    def at(self, place: int) -> Estimate:
        """One of several."""
        return Estimate(*(getattr(self, each.name)[place] for each in fields(self)))

    def of_scope(self, scope: int) -> list[Estimate]:
        """Those of one scope, one by one, from estimates (…, scopes)."""
        columns = [getattr(self, each.name)[:, scope].tolist() for each in fields(self)]
        return [Estimate(*values) for values in zip(*columns, strict=True)]


def estimate(treatment: ArmSums, control: ArmSums, before: tuple[ArmSums, ArmSums] | None = None,
             ratio: float = 1.0) -> Estimate:
    """The stratified difference of one look or of many at once: sums (..., strata, buckets) -> (...,).

    `before` holds the same sums for the time before the rollout, grouped by the arm a unit has in the stratum.
    """
    return fold(strata_parts(treatment, control, before, ratio))


class StrataParts(NamedTuple):
    """Per stratum (..., K): difference, raw Mantel-Haenszel weight (0: no comparison), rates, expected events in the
    smaller arm; per bucket (..., K, B): centred residuals, events, denominators. Any scope folds some of the strata."""

    theta: Floats
    weight: Floats
    rate_treatment: Floats
    rate_control: Floats
    expected: Floats
    psi: Floats
    events: Floats
    d_treatment: Floats
    d_control: Floats

    def each(self, chosen: np.ndarray) -> StrataParts:
        """Several selections of strata at once, `chosen` (..., scopes, K): a scopes' axis comes before the strata's."""
        theta, weight, rate_treatment, rate_control, expected = (part[..., None, :] for part in self[:5])
        return StrataParts(theta, np.where(chosen, weight, 0.0), rate_treatment, rate_control,
                           np.where(chosen, expected, 0.0), *(part[..., None, :, :] for part in self[5:]))


def strata_parts(treatment: ArmSums, control: ArmSums, before: tuple[ArmSums, ArmSums] | None = None,
                 ratio: Numbers = 1.0) -> StrataParts:
    """What every stratum contributes, from sums (..., strata, buckets); less what the units' past explains. `ratio`
    (..., 1) where it differs from one to the next."""
    ratio = floats(ratio)
    d_t, d_c, x_t, x_c = (part.sum(axis=-1) for part in (treatment.d, control.d, treatment.x, control.x))
    both = (d_t > 0) & (d_c > 0)
    safe_t, safe_c = np.where(both, d_t, 1.0), np.where(both, d_c, 1.0)
    pooled = np.where(both, (x_t + x_c) / (ratio * safe_t + safe_c), 0.0)
    psi = (treatment.x - (ratio * pooled)[..., None] * treatment.d) / safe_t[..., None]
    psi -= (control.x - pooled[..., None] * control.d) * (ratio / safe_c)[..., None]
    psi = np.where(both[..., None], psi - psi.mean(axis=-1, keepdims=True), 0.0)
    rate_t, rate_c = np.where(both, x_t / safe_t, 0.0), np.where(both, x_c / safe_c, 0.0)
    theta = rate_t - ratio * rate_c
    if before is not None:
        past = strata_parts(*before)
        theta, psi = _without_past((theta, psi), (past.theta, past.psi))
    return StrataParts(
        floats(theta), floats(np.where(both, d_t * safe_c / (d_t + safe_c), 0.0)), floats(rate_t), floats(rate_c),
        floats(np.where(both, pooled * np.minimum(d_t, d_c), 0.0)), floats(psi),
        treatment.x + control.x, treatment.d, control.d)


def fold(parts: StrataParts) -> Estimate:
    """The stratified difference with its cluster-robust error from the parts of some strata."""
    total = parts.weight.sum(axis=-1, keepdims=True)
    weights = parts.weight / np.maximum(total, 1e-300)
    difference = (weights * parts.theta).sum(axis=-1)
    bucket = (weights[..., None, :] @ parts.psi)[..., 0, :]
    compared = floats(weights > 0.0)[..., None, :]
    d_t, d_c, events = ((compared @ part)[..., 0, :] for part in (parts.d_treatment, parts.d_control, parts.events))
    count = np.maximum(((d_t > 0) | (d_c > 0)).sum(axis=-1), 2)
    variance = count / (count - 1.0) * (bucket**2).sum(axis=-1)
    usable = (variance > 0.0) & (total[..., 0] > 0.0)
    variance = np.where(usable, variance, 1.0)
    ready = usable & _burnt_in(events, d_t, d_c, parts.expected.sum(axis=-1))
    z = z_of_t(np.where(ready, difference / np.sqrt(variance), 0.0), count - 1.0)
    information = np.where(usable, 1.0 / variance, 0.0)
    return Estimate(difference, np.where(usable, np.sqrt(variance), np.nan), floats(z * np.sqrt(information)),
                    information, ready, (weights * parts.rate_control).sum(axis=-1),
                    (weights * parts.rate_treatment).sum(axis=-1))


def _without_past(now: tuple[Floats, Floats], past: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """θ and ψ less what the units' own past explains: β_k = Σψψ'/Σψ'² per stratum."""
    (theta, psi), (past_theta, past_psi) = now, past
    spread = (past_psi**2).sum(axis=-1)
    beta = np.where(spread > 0.0, (psi * past_psi).sum(axis=-1) / np.where(spread > 0.0, spread, 1.0), 0.0)
    return floats(theta - beta * past_theta), floats(psi - beta[..., None] * past_psi)


def _burnt_in(events: Floats, d_t: Floats, d_c: Floats, expected: Floats) -> np.ndarray:
    """True once there are 20 events, 10 expected in the smaller arm, 10 clusters with an event, and 10 clusters and a
    denominator of 30 per arm (what a mean needs; its numerator is no count)."""
    clusters = [(part > 0).sum(axis=-1) >= FEWEST_CLUSTERS for part in (events, d_t, d_c)]
    enough = (events.sum(axis=-1) >= FEWEST_EVENTS) & (expected >= FEWEST_EXPECTED)
    enough &= (d_t.sum(axis=-1) >= FEWEST_PER_ARM) & (d_c.sum(axis=-1) >= FEWEST_PER_ARM)
    return np.asarray(enough & clusters[0] & clusters[1] & clusters[2])


def log_e_worse(found: Estimate, mde: Numbers) -> Floats:
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
