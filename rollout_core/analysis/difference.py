"""The exact kernels' evidence that treatment is worse than concurrent control, and which kernel speaks where.

A scope is the whole version (epoch None) or one epoch alone. The functions return whole paths over rows or looks, so
that a sweep (which takes the last value) and a simulation (which takes them all) run the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import tilt, turner
from rollout_core.analysis.choose import Kernel, choose
from rollout_core.analysis.evidence import FirstEvents, MetricEvidence, PairedCounts, Stratum
from rollout_core.analysis.grid import EffectGrid, effect_grid, log_odds_mde, log_ratio_mde
from rollout_core.analysis.numbers import Floats, integers, log_mean_exp
from rollout_core.analysis.policy import DifferenceGuardrail, Direction

FIRST_COLUMNS = ("events_treatment", "events_control", "at_risk_treatment", "at_risk_control")
FIRST_EPOCH = 1
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

    def scopes(self, epochs: Sequence[int], since_hour: int) -> Floats:
        """Summed gains of each epoch's rows alone, and last of all rows from an hour on, (epochs + 1, effects)."""
        chosen = np.concatenate((self.epochs == np.asarray(epochs)[:, None], (self.hours >= since_hour)[None]))
        return np.asarray(chosen.astype(np.float64) @ self.gains)

    def path(self, epoch: int | None) -> RowPath:
        """The path along the rows of one epoch, or along all."""
        rows = self if epoch is None else self.only(epoch)
        return RowPath(rows.hours, rows.gains, rows.grid)


Tables = tuple[GainTable | None, GainTable | None]
"""Gains for the evidence since the start and for that of epochs alone; None: not counted."""


def exact_tables(metric: MetricEvidence, rule: DifferenceGuardrail) -> Tables:
    """Gains of the exact kernel for one guardrail."""
    return tables_of([(metric, rule)])[0]


def tables_of(asked: Sequence[tuple[MetricEvidence, DifferenceGuardrail]]) -> list[Tables]:
    """Gains of the exact kernel for each guardrail.

    Where subjects are counted once per epoch only, the evidence since the start is that of the first epoch: the same
    subject again in a later one would be no independent outcome.
    """
    paired = [(metric, rule, rows) for metric, rule in asked for rows in _paired(metric, rule)]
    made = iter(turner_tables(paired) if paired else ())
    found: list[Tables] = []
    for metric, rule in asked:
        if metric.firsts is not None and rule.tolerated_ratio > 0.0:
            own = metric.firsts_in_epoch
            found.append((_tilt_table(metric, rule, metric.firsts),
                          None if own is None else _tilt_table(metric, rule, own)))
            continue
        turners = [next(made) for _ in _paired(metric, rule)]
        first = turners[0] if turners else None
        found.append((first.only(FIRST_EPOCH) if first is not None and metric.blocks is None else first,
                      turners[-1] if turners else None))
    return found


def _paired(metric: MetricEvidence, rule: DifferenceGuardrail) -> list[PairedCounts]:
    """The rows that Turner's block reads: since the start, and by epoch where those are counted apart."""
    if (metric.firsts is not None and rule.tolerated_ratio > 0.0) or rule.tolerated_ratio != 1.0:
        return []
    return [rows for rows in (metric.blocks, metric.blocks_in_epoch) if rows is not None]


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


def turner_tables(asked: Sequence[tuple[MetricEvidence, DifferenceGuardrail, PairedCounts]]) -> list[GainTable]:
    """The gains of the rows of several guardrails, reckoned as one array."""
    each_columns = [_in_time(rows_of(metric, rows, ("stratum", "hour", *PAIRED_COLUMNS))) for metric, _, rows in asked]
    grids = [effect_grid(log_odds_mde(*lower_and_mde(metric, rule))) for metric, rule, _ in asked]
    ends = np.cumsum([len(columns[0]) for columns in each_columns])
    table = np.repeat(np.arange(len(asked)), np.diff(ends, prepend=0))
    stratum, hours, x_t, n_t, x_c, n_c = (np.concatenate(column) for column in zip(*each_columns, strict=True))
    history = np.array([baseline_of(metric, rule) for metric, rule, _ in asked])[table]
    base = turner.predictable_rate(x_t + x_c, n_t + n_c, stratum, hours, history, table)
    lower = np.array([rule.worse is Direction.LOWER for _, rule, _ in asked])[table]
    worse = np.where(lower, x_c, x_t), np.where(lower, n_c, n_t)
    better = np.where(lower, x_t, x_c), np.where(lower, n_t, n_c)
    gains = turner.increments(worse, better, base, np.stack([grid.effects for grid in grids])[table])
    return [GainTable(columns[1], _epochs_of(metric, columns[0]), gains[end - len(columns[0]):end], grid)
            for (metric, _, _), columns, end, grid in zip(asked, each_columns, ends.tolist(), grids, strict=True)]


def _in_time(columns: list[np.ndarray]) -> list[np.ndarray]:
    """Rows in the order of their hours, the second column."""
    hours = columns[1]
    if (hours[1:] >= hours[:-1]).all():
        return columns
    order = np.argsort(hours, kind="stable")
    return [column[order] for column in columns]


def counting_from(metric: MetricEvidence, epoch: int) -> MetricEvidence:
    """The metric with everything before an epoch out of all comparisons: a stratum of share 0 has no treatment."""
    if all(each.epoch >= epoch for each in metric.strata):
        return metric
    strata = tuple(each if each.epoch >= epoch else Stratum(each.epoch, 0) for each in metric.strata)
    return replace(metric, strata=strata)


def kernel_of(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None) -> Kernel:
    """Which kernel speaks for this scope, from the configured shares and what was counted."""
    strata = [stratum for stratum in metric.strata if epoch in (None, stratum.epoch)]
    return choose(strata, exact=exact_is_counted(metric, rule, epoch), clustered=metric.sums is not None)


def exact_is_counted(metric: MetricEvidence, rule: DifferenceGuardrail, epoch: int | None) -> bool:
    """True when there are rows for the exact kernel, of the whole version (None) or of epochs alone."""
    counted = metric.blocks is not None or metric.blocks_in_epoch is not None
    return (metric.firsts if epoch is None else metric.firsts_in_epoch) is not None or (
        counted and rule.tolerated_ratio == 1.0)
