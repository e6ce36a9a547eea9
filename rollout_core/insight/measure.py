"""One door to every metric: the catalogue's formula, measured; then its quality from freshness and switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rollout_core.insight import formulas, formulas_change, formulas_people, formulas_procedure
from rollout_core.insight.formulas import Asked
from rollout_core.insight.freshness import fresh_kinds
from rollout_core.insight.measuring import Measuring, no_data
from rollout_core.metrics import formula as f
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality

FORMULAS: Mapping[type, Callable[[Measuring, Asked, Any], Measured]] = {
    f.Proportion: formulas.proportion,
    f.Mean: formulas.mean,
    f.Percentile: formulas.percentile,
    f.Adoption: formulas_people.adoption,
    f.Stickiness: formulas_people.stickiness,
    f.CrossFeature: formulas_people.cross_feature,
    f.Engagement: formulas_people.engagement,
    f.WeeklyGrowth: formulas_people.weekly_growth,
    f.RetentionOn: formulas_people.retention,
    f.Satisfaction: formulas_people.satisfaction,
    f.PromoterScore: formulas_people.promoters,
    f.PerActive: formulas_people.per_active,
    f.Change: formulas_change.change,
    f.WorstChange: formulas_change.worst_change,
    f.TelemetryRatio: formulas_change.telemetry_ratio,
    f.Procedure: formulas_procedure.procedure,
    f.Availability: formulas_procedure.availability,
}
"""Formula -> how it is measured; a test holds it complete."""


def measure(measuring: Measuring, asked: Asked) -> Measured:
    """The number with its quality: off when its collection is switched off, stale when its kinds stopped arriving."""
    metric = asked.metric
    if set(metric.source) & measuring.switched_off:
        return no_data(metric, measuring.window, asked.arm, "collection is switched off", Quality.OFF)
    measured = FORMULAS[type(metric.formula)](measuring, asked, metric.formula)
    return aged(measuring, measured, metric.source)


def by_key(measuring: Measuring, key: str, arm: str | None = "treatment", tag: str | None = None) -> Measured:
    """The metric of this key. Raises KeyError for an unknown one."""
    return measure(measuring, Asked(CATALOG[key], arm, tag=tag))


def aged(measuring: Measuring, measured: Measured, source: tuple[str, ...]) -> Measured:
    """Marked stale when the window reaches the present and what it is made of no longer arrives.

    Rates and people are judged by the kinds that always come; error, feedback, tickets and conversions may rest.
    """
    reaches_now = measuring.scene.now - measuring.window.until_at < measuring.scene.plan.measurement.stale_after
    steady = set(source) - RARE
    if measured.value is None or not reaches_now or not steady or steady & fresh_kinds(measuring):
        return measured
    return replace(measured, quality=Quality.STALE)


RARE = frozenset({"error", "feedback", "support_ticket", "conversion", "security_issue", "exposure", "task",
                  "feature_use"})
"""Kinds whose silence says nothing by itself."""
