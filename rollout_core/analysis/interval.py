"""The interval of a guardrail: the effect with its confidence sequence, from what may speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import mixture, tilt
from rollout_core.analysis.case import Case
from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.difference import FIRST_COLUMNS, baseline_of, log_ratio_grid, rows_of
from rollout_core.analysis.evidence import FirstEvents, MetricEvidence
from rollout_core.analysis.policy import DifferenceGuardrail, Direction
from rollout_core.analysis.stratified import blocks_estimate

INTERVAL_ALPHA = 0.05
"""Each bound of an interval errs with this probability, over all looks together."""


class Interval(NamedTuple):
    """An estimate with its bounds on a scale; nan where there is none."""

    scale: str
    estimate: float
    lower: float
    upper: float
    tolerated: float


def intervals(cases: Sequence[Case], since_start: Sequence[Estimate | None]) -> list[Interval]:
    """One per case: clustered where it may speak (`since_start` has an estimate), else from the exact kernel's rows."""
    found = [_by_rows(case) if start is None else start for case, start in zip(cases, since_start, strict=True)]
    ready = [isinstance(each, Estimate) and bool(each.ready) for each in found]
    widths = iter(_half_widths([(float(each.error), case.rule.mde) for each, case, known in zip(
        found, cases, ready, strict=True) if known and isinstance(each, Estimate)]))
    return [each if isinstance(each, Interval) else _difference(each, next(widths) if known else np.nan, case.rule)
            for each, case, known in zip(found, cases, ready, strict=True)]


def _by_rows(case: Case) -> Interval | Estimate | None:
    """A rate ratio from first events, or the difference of outcomes that exist once per subject."""
    metric, rule = case.metric, case.rule
    if metric.firsts is not None:
        return _ratio(metric, rule, metric.firsts)
    rows = metric.blocks or metric.blocks_in_epoch
    return None if rows is None else blocks_estimate(metric, rows, rule, newest_only=metric.blocks is None)


def _half_widths(errors_and_mdes: Sequence[tuple[float, float]]) -> list[float]:
    if not errors_and_mdes:
        return []
    errors, mdes = np.array(errors_and_mdes).T
    widths: list[float] = mixture.half_width(errors, mdes, INTERVAL_ALPHA).tolist()
    return widths


def _difference(found: Estimate | None, width: float, rule: DifferenceGuardrail) -> Interval:
    """Estimate ± the mixture's half-width, harm positive; nan (the width of what is not ready) before the burn-in."""
    centre = np.nan if found is None or np.isnan(width) else float(found.difference)
    return Interval("difference", centre, centre - width, centre + width, rule.tolerated)


def _ratio(metric: MetricEvidence, rule: DifferenceGuardrail, rows: FirstEvents) -> Interval:
    """The rate ratio (treatment to control; turned round where lower is worse) by inverting the tilt."""
    x_t, x_c, n_t, n_c = rows_of(metric, rows, FIRST_COLUMNS)
    share = tilt.share_at_risk(n_t, n_c)
    expected = (x_t + x_c) * share
    lower, upper = tilt.log_ratio_interval((x_t, x_c), share, log_ratio_grid(metric, rule), INTERVAL_ALPHA)
    against = float(np.sum((x_t + x_c) * (1.0 - share) * (share > 0.0)))
    hits, misses = float(x_t.sum()), float(x_c.sum())
    seen = hits / max(float(expected.sum()), 1e-9) * against / max(misses, 0.5) if hits + misses else np.nan
    ratio, low, high = seen, float(np.exp(lower)), float(np.exp(upper))
    if rule.worse is Direction.LOWER:
        ratio, low, high = 1.0 / max(ratio, 1e-9), 1.0 / high if high > 0.0 else np.inf, 1.0 / max(low, 1e-300)
    allowed = rule.tolerated_ratio if rule.worse is Direction.HIGHER else 1.0 / rule.tolerated_ratio
    return Interval("ratio", ratio, low, high, allowed * (1.0 + rule.tolerated / baseline_of(metric, rule)))


