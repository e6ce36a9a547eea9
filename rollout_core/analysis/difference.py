"""The evidence that treatment is worse than concurrent control: per scope, by the chosen kernels.

A scope is the whole version (epoch None) or one epoch alone. The functions return whole paths over rows or looks, so
that a sweep (which takes the last value) and a simulation (which takes them all) run the same code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rollout_core.analysis import clustered, tilt, turner
from rollout_core.analysis.choose import SMALLEST_SHARE, Kernel, choose
from rollout_core.analysis.clustered import ArmSums, Estimate
from rollout_core.analysis.evidence import ClusterSums, FirstEvents, MetricEvidence, PairedCounts, Stratum
from rollout_core.analysis.grid import EffectGrid, effect_grid, log_odds_mde, log_ratio_mde
from rollout_core.analysis.numbers import Floats, floats
from rollout_core.analysis.policy import DifferenceGuardrail, Direction


class RowPath(NamedTuple):
    """log e after each row of a scope, and the rows' hours (both (rows,))."""

    hours: np.ndarray
    log_e: Floats

    def at(self, hours: np.ndarray) -> Floats:
        """log e after the last row of each hour asked for; 0 before the first."""
        place = np.searchsorted(self.hours, hours, side="right")
        return np.concatenate(([0.0], self.log_e))[place]


def baseline_of(metric: MetricEvidence, rule: DifferenceGuardrail) -> float:
    """The usual rate: the rule's, the metric's, or twice the MDE (the MDE's default is half the baseline)."""
    known = next((value for value in (rule.baseline, metric.baseline) if value), 2.0 * rule.mde)
    return float(np.clip(known, 1e-5, 0.95))


def lower_and_mde(metric: MetricEvidence, rule: DifferenceGuardrail) -> tuple[float, float]:
    """The lower of the two rates an MDE apart, and the MDE, both within 0..1: where the effect grid stands."""
    baseline = baseline_of(metric, rule)
    mde = min(rule.mde, 0.9 * baseline) if rule.worse is Direction.LOWER else rule.mde
    return (baseline - mde if rule.worse is Direction.LOWER else baseline), mde


def exact_path(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None = None) -> RowPath | None:
    """log e of the exact kernel along the scope's rows, or None when nothing it can use was counted."""
    firsts = metric.firsts if epoch is None else metric.firsts_in_epoch
    if firsts is not None and rule.tolerated_ratio > 0.0:
        return _tilt_path(metric, rule, firsts, epoch)
    blocks = metric.blocks if epoch is None else metric.blocks_in_epoch or metric.blocks
    if blocks is not None and rule.tolerated_ratio == 1.0:
        return _turner_path(metric, rule, blocks, epoch)
    return None


def rows_of(metric: MetricEvidence, rows: PairedCounts | FirstEvents, epoch: int | None) -> np.ndarray:
    """Indexes of the rows that belong to the scope and have a concurrent control."""
    usable = np.array([s.smaller_share > 0.0 and epoch in (None, s.epoch) for s in metric.strata], dtype=bool)
    return np.flatnonzero(usable[np.asarray(rows.stratum, dtype=np.intp)])


def log_ratio_grid(metric: MetricEvidence, rule: DifferenceGuardrail) -> EffectGrid:
    """Effects as log rate ratios around the rule's MDE."""
    return effect_grid(log_ratio_mde(*lower_and_mde(metric, rule)))


def _tilt_path(metric: MetricEvidence, rule: DifferenceGuardrail, rows: FirstEvents, epoch: int | None) -> RowPath:
    keep = rows_of(metric, rows, epoch)
    hours, x_t, x_c, n_t, n_c = (np.asarray(column)[keep] for column in (
        rows.hour, rows.events_treatment, rows.events_control, rows.at_risk_treatment, rows.at_risk_control))
    grid, share = log_ratio_grid(metric, rule), tilt.share_at_risk(n_t, n_c)
    share = tilt.tilted_share(share, np.log(rule.tolerated_ratio)) if rule.tolerated_ratio != 1.0 else share
    if rule.worse is Direction.LOWER:
        x_t, x_c, share = x_c, x_t, np.where(share > 0.0, 1.0 - share, 0.0)
    gains = tilt.increments(x_t, x_c, share, grid.effects)
    return RowPath(hours, tilt.log_e(np.cumsum(gains, axis=0), grid))


def _turner_path(metric: MetricEvidence, rule: DifferenceGuardrail, rows: PairedCounts, epoch: int | None) -> RowPath:
    keep = rows_of(metric, rows, epoch)
    stratum, hours, x_t, n_t, x_c, n_c = (np.asarray(column)[keep] for column in (
        rows.stratum, rows.hour, rows.x_treatment, rows.n_treatment, rows.x_control, rows.n_control))
    lower, mde = lower_and_mde(metric, rule)
    grid = effect_grid(log_odds_mde(lower, mde))
    base = turner.predictable_rate(x_t + x_c, n_t + n_c, stratum, hours, baseline_of(metric, rule))
    worse, better = ((x_t, n_t), (x_c, n_c)) if rule.worse is Direction.HIGHER else ((x_c, n_c), (x_t, n_t))
    gains = turner.increments(worse, better, base, grid.effects)
    return RowPath(hours, turner.log_e(np.cumsum(gains, axis=0), grid))


def arm_sums(sums: ClusterSums, strata: list[int], unit: float = 1.0) -> tuple[ArmSums, ArmSums]:
    """Treatment's and control's sums of the chosen strata as arrays (strata, buckets)."""
    def pick(table: tuple[tuple[int, ...], ...]) -> Floats:
        return floats([table[index] for index in strata])
    return (ArmSums(pick(sums.d_treatment), pick(sums.x_treatment) * unit),
            ArmSums(pick(sums.d_control), pick(sums.x_control) * unit))


def clustered_strata(strata: tuple[Stratum, ...], epoch: int | None, *, advisory: bool = False) -> list[int]:
    """Indexes of the strata the clustered kernel may use; `advisory` lets skewed shares in as well."""
    least = 0.0 if advisory else SMALLEST_SHARE
    return [index for index, stratum in enumerate(strata) if epoch in (None, stratum.epoch)
            and stratum.smaller_share > 0.0 and stratum.smaller_share >= least]


def clustered_estimate(treatment: ArmSums, control: ArmSums, before: tuple[ArmSums, ArmSums] | None,
                       rule: DifferenceGuardrail) -> Estimate:
    """The difference in the direction of harm (positive = worse) from sums (..., strata, buckets)."""
    found = clustered.estimate(treatment, control, before, rule.tolerated_ratio)
    if rule.worse is Direction.HIGHER:
        return found
    return Estimate(-found.difference, found.error, -found.score, found.information, found.ready,
                    found.control_rate, found.treatment_rate)


def kernel_of(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None) -> Kernel:
    """Which kernel speaks for this scope, from the configured shares and what was counted."""
    strata = [stratum for stratum in metric.strata if epoch in (None, stratum.epoch)]
    exact = (metric.firsts if epoch is None else metric.firsts_in_epoch) is not None or (
        metric.blocks is not None and rule.tolerated_ratio == 1.0)
    return choose(strata, exact=exact, clustered=metric.sums is not None)


def scope_estimate(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None,
                   kernel: Kernel) -> Estimate | None:
    """The clustered estimate of a scope, or None when no sums were counted in usable strata."""
    if metric.sums is None:
        return None
    strata = clustered_strata(metric.strata, epoch, advisory=kernel in (Kernel.ADVISORY, Kernel.EXACT))
    if not strata:
        return None
    before = None if metric.before is None else arm_sums(metric.before, strata, metric.x_unit)
    return clustered_estimate(*arm_sums(metric.sums, strata, metric.x_unit), before, rule)
