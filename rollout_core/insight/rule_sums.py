"""The store's sums behind a plan's rules, asked together; and whether a window can hold enough for a rule at all.

A sweep looks at every rule in the shortest window with the minimum sample. Counting is cheap and percentiles are not,
so a window is counted first, and passed over where even all of treatment is too little.
"""

from __future__ import annotations

from rollout_core.insight.evidence_sources import ERROR_BASES
from rollout_core.insight.formulas import Asked
from rollout_core.insight.measuring import Measuring
from rollout_core.metrics import formula as f
from rollout_core.metrics.catalog import CATALOG, Metric
from rollout_core.rollouts.plan import Plan


def sums_of_rules(plan: Plan) -> tuple[str, ...]:
    """The store metrics that the alerts, pause conditions and health score of a plan are counted by."""
    named = (plan.health.error_metric, *(each.metric for each in plan.alerts),
             *(each.metric for each in plan.pause_conditions))
    return tuple(sorted({name for key in named if key for name in _sums(CATALOG[key], plan)}))


def too_few(measuring: Measuring, asked: Asked) -> bool:
    """True when the window cannot hold the minimum sample of a metric: what counts is never more than treatment has."""
    counted = _sums(asked.metric, measuring.scene.plan)
    return bool(counted) and all(measuring.sums(name, asked.arm).n < _least(asked.metric) for name in counted)


def _sums(metric: Metric, plan: Plan) -> tuple[str, ...]:
    """The store metrics whose n decides about a metric's sample; none where something else does (people, procedures).
    """
    form = metric.formula
    if metric.key == "error_rate":
        return (ERROR_BASES[plan.measurement.error_basis],)
    if isinstance(form, f.Proportion | f.Mean | f.Percentile):
        return (form.metric,)
    parts = form.of if isinstance(form, f.WorstChange) else (form.of,) if isinstance(form, f.Change) else ()
    found = [_sums(CATALOG[key], plan) for key in parts]
    return tuple(dict.fromkeys(name for names in found for name in names)) if all(found) else ()


def _least(metric: Metric) -> int:
    """The smallest sample that may be enough: a change is few by its own minimum, or by that of what it compares."""
    form = metric.formula
    parts = form.of if isinstance(form, f.WorstChange) else (form.of,) if isinstance(form, f.Change) else ()
    return min([metric.minimum_sample, *(_least(CATALOG[key]) for key in parts)])
