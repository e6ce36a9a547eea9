"""The evidence that treatment is worse than concurrent control: per scope, by the chosen kernels.

A scope is the whole version (epoch None) or one epoch alone. The functions return whole paths over rows or looks, so
that a sweep (which takes the last value) and a simulation (which takes them all) run the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import clustered, tilt, turner
from rollout_core.analysis.choose import SMALLEST_SHARE, Kernel, choose
from rollout_core.analysis.clustered import ArmSums, Estimate, StrataParts
from rollout_core.analysis.evidence import ClusterSums, FirstEvents, MetricEvidence, PairedCounts, Stratum
from rollout_core.analysis.grid import EffectGrid, effect_grid, log_odds_mde, log_ratio_mde
from rollout_core.analysis.numbers import Floats, integers, log_mean_exp
from rollout_core.analysis.policy import DifferenceGuardrail, Direction

FIRST_COLUMNS = ("events_treatment", "events_control", "at_risk_treatment", "at_risk_control")
FIRST_EPOCH = 1
Table = tuple[tuple[int, ...], ...]
PAIRED_COLUMNS = ("x_treatment", "n_treatment", "x_control", "n_control")


class RowPath(NamedTuple):
    """Log-likelihood gains of a scope's rows (rows, effects), the rows' hours (rows,) and the grid that weighs them."""

    hours: np.ndarray
    gains: Floats
    grid: EffectGrid

    def last(self) -> float:
        """log e after the last row."""
        return float(log_mean_exp(self.gains.sum(axis=0), self.grid.log_weights))

    def at(self, hours: np.ndarray) -> Floats:
        """log e after the last row of each hour asked for; 0 before the first."""
        place = np.searchsorted(self.hours, hours, side="right")
        path = log_mean_exp(np.cumsum(self.gains, axis=0), self.grid.log_weights)
        return np.concatenate(([0.0], path))[place]


def baseline_of(metric: MetricEvidence, rule: DifferenceGuardrail) -> float:
    """The usual rate: the rule's, the metric's, or twice the MDE (the MDE's default is half the baseline)."""
    known = next((value for value in (rule.baseline, metric.baseline) if value), 2.0 * rule.mde)
    return float(np.clip(known, 1e-5, 0.95))


def lower_and_mde(metric: MetricEvidence, rule: DifferenceGuardrail) -> tuple[float, float]:
    """The lower of the two rates an MDE apart, and the MDE, both within 0..1: where the effect grid stands."""
    baseline = baseline_of(metric, rule)
    mde = min(rule.mde, 0.9 * baseline) if rule.worse is Direction.LOWER else rule.mde
    return (baseline - mde if rule.worse is Direction.LOWER else baseline), mde


class GainTable(NamedTuple):
    """Log-likelihood gains of all rows with a concurrent control, and the epoch of each row."""

    hours: np.ndarray
    epochs: np.ndarray
    gains: Floats
    grid: EffectGrid

    def only(self, epoch: int) -> GainTable:
        """The rows of one epoch."""
        own = self.epochs == epoch
        return GainTable(self.hours[own], self.epochs[own], self.gains[own], self.grid)

    def last_of(self, epochs: Sequence[int]) -> Floats:
        """log e of each epoch's rows alone."""
        own = (self.epochs == np.asarray(epochs)[:, None]).astype(np.float64)
        return log_mean_exp(own @ self.gains, self.grid.log_weights)

    def log_e_since(self, hour: int) -> float:
        """log e of the rows from an hour on."""
        return float(log_mean_exp(self.gains[self.hours >= hour].sum(axis=0), self.grid.log_weights))

    def path(self, epoch: int | None) -> RowPath:
        """The path along the rows of one epoch, or along all."""
        rows = self if epoch is None else self.only(epoch)
        return RowPath(rows.hours, rows.gains, rows.grid)


def exact_tables(metric: MetricEvidence, rule: DifferenceGuardrail) -> tuple[GainTable | None, GainTable | None]:
    """Gains of the exact kernel for the evidence since the start and for that of epochs alone; None: not counted.

    Where subjects are counted once per epoch only, the evidence since the start is that of the first epoch: the same
    subject again in a later one would be no independent outcome.
    """
    if metric.firsts is not None and rule.tolerated_ratio > 0.0:
        own = metric.firsts_in_epoch
        return _tilt_table(metric, rule, metric.firsts), None if own is None else _tilt_table(metric, rule, own)
    own_blocks = metric.blocks_in_epoch or metric.blocks
    if own_blocks is None or rule.tolerated_ratio != 1.0:
        return None, None
    by_epoch = _turner_table(metric, rule, own_blocks)
    if metric.blocks is None:
        return by_epoch.only(FIRST_EPOCH), by_epoch
    return by_epoch if metric.blocks_in_epoch is None else _turner_table(metric, rule, metric.blocks), by_epoch


def rows_of(metric: MetricEvidence, rows: PairedCounts | FirstEvents, columns: tuple[str, ...]) -> list[np.ndarray]:
    """The named columns, only rows that have a concurrent control."""
    usable = np.array([stratum.smaller_share > 0.0 for stratum in metric.strata], dtype=bool)
    keep = usable[integers(rows.stratum)]
    found = [integers(getattr(rows, column)) for column in columns]
    return found if keep.all() else [column[keep] for column in found]


def log_ratio_grid(metric: MetricEvidence, rule: DifferenceGuardrail) -> EffectGrid:
    """Effects as log rate ratios around the rule's MDE."""
    return effect_grid(log_ratio_mde(*lower_and_mde(metric, rule)))


def _epochs_of(metric: MetricEvidence, stratum: np.ndarray) -> np.ndarray:
    return np.asarray(np.array([entry.epoch for entry in metric.strata], dtype=np.int64)[stratum])


def _tilt_table(metric: MetricEvidence, rule: DifferenceGuardrail, rows: FirstEvents) -> GainTable:
    stratum, hours, x_t, x_c, n_t, n_c = rows_of(metric, rows, ("stratum", "hour", *FIRST_COLUMNS))
    grid, share = log_ratio_grid(metric, rule), tilt.share_at_risk(n_t, n_c)
    share = tilt.tilted_share(share, np.log(rule.tolerated_ratio)) if rule.tolerated_ratio != 1.0 else share
    if rule.worse is Direction.LOWER:
        x_t, x_c, share = x_c, x_t, np.where(share > 0.0, 1.0 - share, 0.0)
    happened = x_t + x_c > 0        # an hour without a first event changes nothing
    gains = tilt.increments(x_t[happened], x_c[happened], share[happened], grid.effects)
    return GainTable(hours[happened], _epochs_of(metric, stratum[happened]), gains, grid)


def _turner_table(metric: MetricEvidence, rule: DifferenceGuardrail, rows: PairedCounts) -> GainTable:
    columns = rows_of(metric, rows, ("stratum", "hour", *PAIRED_COLUMNS))
    order = np.argsort(columns[1], kind="stable")
    stratum, hours, x_t, n_t, x_c, n_c = (column[order] for column in columns)
    lower, mde = lower_and_mde(metric, rule)
    grid = effect_grid(log_odds_mde(lower, mde))
    base = turner.predictable_rate(x_t + x_c, n_t + n_c, stratum, hours, baseline_of(metric, rule))
    worse, better = ((x_t, n_t), (x_c, n_c)) if rule.worse is Direction.HIGHER else ((x_c, n_c), (x_t, n_t))
    gains = turner.increments(worse, better, base, grid.effects)
    return GainTable(hours, _epochs_of(metric, stratum), gains, grid)


def sums_parts(metric: MetricEvidence, rule: DifferenceGuardrail) -> StrataParts | None:
    """What each stratum of the metric's sums contributes; None when they were not counted."""
    def arm(d: Table, x: Table) -> ArmSums:
        return ArmSums(table_array(d), table_array(x) * metric.x_unit)

    def pair(sums: ClusterSums) -> tuple[ArmSums, ArmSums]:
        return arm(sums.d_treatment, sums.x_treatment), arm(sums.d_control, sums.x_control)
    if metric.sums is None or not metric.strata:
        return None
    before = None if metric.before is None else pair(metric.before)
    return clustered.strata_parts(*pair(metric.sums), before, rule.tolerated_ratio)


def table_array(rows: Table) -> Floats:
    """A table of integers as (strata, buckets)."""
    return np.array([integers(row) for row in rows], np.float64)


def counting_from(metric: MetricEvidence, epoch: int) -> MetricEvidence:
    """The metric with everything before an epoch out of all comparisons: a stratum of share 0 has no treatment."""
    strata = tuple(each if each.epoch >= epoch else Stratum(each.epoch, 0) for each in metric.strata)
    return replace(metric, strata=strata)


def clustered_strata(strata: tuple[Stratum, ...], epoch: int | None, *, advisory: bool = False) -> list[int]:
    """Indexes of the strata the clustered kernel may use; `advisory` lets skewed shares in as well."""
    least = 0.0 if advisory else SMALLEST_SHARE
    return [index for index, stratum in enumerate(strata) if epoch in (None, stratum.epoch)
            and stratum.smaller_share > 0.0 and stratum.smaller_share >= least]


def clustered_estimate(parts: StrataParts, rule: DifferenceGuardrail) -> Estimate:
    """The difference in the direction of harm (positive = worse)."""
    found = clustered.fold(parts)
    if rule.worse is Direction.HIGHER:
        return found
    return Estimate(-found.difference, found.error, -found.score, found.information, found.ready,
                    found.control_rate, found.treatment_rate)


def kernel_of(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None) -> Kernel:
    """Which kernel speaks for this scope, from the configured shares and what was counted."""
    strata = [stratum for stratum in metric.strata if epoch in (None, stratum.epoch)]
    counted = metric.blocks is not None or metric.blocks_in_epoch is not None
    exact = (metric.firsts if epoch is None else metric.firsts_in_epoch) is not None or (
        counted and rule.tolerated_ratio == 1.0)
    return choose(strata, exact=exact, clustered=metric.sums is not None)


def recent_of(metric: MetricEvidence) -> MetricEvidence | None:
    """The metric as if only the last days had been counted, in the strata that had anything then; None: nothing was."""
    if metric.recent is None:
        return None
    kept = [place for place, rows in enumerate(zip(metric.recent.d_treatment, metric.recent.d_control, strict=True))
            if any(rows[0]) and any(rows[1])]

    def only(sums: ClusterSums | None) -> ClusterSums | None:
        return None if sums is None else ClusterSums(*(
            tuple(table[place] for place in kept)
            for table in (sums.d_treatment, sums.x_treatment, sums.d_control, sums.x_control)))
    return replace(metric, strata=tuple(metric.strata[place] for place in kept), sums=only(metric.recent),
                   before=only(metric.before), recent=None) if kept else None


def scope_estimates(metric: MetricEvidence, parts: StrataParts | None, rule: DifferenceGuardrail,
                    kernels: Mapping[int | None, Kernel]) -> Estimate | None:
    """The clustered estimates of scopes, (scopes,); None when nothing was summed. A scope without usable strata is
    never ready."""
    if parts is None:
        return None
    chosen = np.zeros((len(kernels), len(metric.strata)), dtype=bool)
    for row, (epoch, kernel) in enumerate(kernels.items()):
        chosen[row, clustered_strata(metric.strata, epoch, advisory=kernel in (Kernel.ADVISORY, Kernel.EXACT))] = True
    return clustered_estimate(parts.each(chosen), rule)


def scope_estimate(metric: MetricEvidence, parts: StrataParts | None, rule: DifferenceGuardrail,
                   kernel: Kernel) -> Estimate | None:
    """The clustered estimate since the start, or None when no sums were counted in usable strata."""
    found = scope_estimates(metric, parts, rule, {None: kernel})
    return None if found is None or not found.information[0] else found.at(0)
