"""The catalogue's simple formulas: shares, means and percentiles of one arm, from counts in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from rollout_core.insight.evidence_sources import ERROR_BASES
from rollout_core.insight.measuring import Measuring, no_data
from rollout_core.insight.unnamed_errors import sessions_unknown
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import Sums
from rollout_core.metrics.catalog import Metric
from rollout_core.metrics.interval import (
    Interval,
    design_effect,
    mean_interval,
    variance,
    wilson,
)
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.metrics.percentile import percentile_interval, percentile_of_bins
from rollout_core.metrics.unnamed_errors import UNNAMED


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a metric of one arm, narrowed to a flag, to flags with a tag, or to a part (`page:/plan`)."""

    metric: Metric
    arm: str | None = "treatment"
    flag: str | None = None
    tag: str | None = None
    part: str = ""
    age: timedelta | None = None
    """Adoption at this age instead of the plan's."""
    waived_counts: bool = False
    """A waived item of the checklist is enough, as it is for gates and rules."""


def built(measuring: Measuring, asked: Asked, value: float | None, n: int, interval: Interval | None,
          note: str = "") -> Measured:
    """A measured number with its quality: no data without a value, few below the minimum sample."""
    metric = asked.metric
    if value is None:
        return no_data(replace(metric, noun=noun_of(measuring, metric)), measuring.window, asked.arm, note)
    quality = Quality.FEW if n < metric.minimum_sample else Quality.OK
    low, high = interval if interval is not None else (None, None)
    return Measured(metric.key, value, low, high, n, noun_of(measuring, metric), measuring.window, asked.arm,
                    metric.unit, quality, note)


def noun_of(measuring: Measuring, metric: Metric) -> str:
    """What n counts; the error rate's depends on the plan's basis."""
    if metric.key == "error_rate":
        return measuring.scene.plan.measurement.error_basis
    return metric.noun


def store_metric(measuring: Measuring, metric: Metric) -> str:
    """The store metric behind a proportion, mean or percentile; the error rate's depends on the plan's basis."""
    if metric.key == "error_rate":
        return ERROR_BASES[measuring.scene.plan.measurement.error_basis]
    return str(getattr(metric.formula, "metric", ""))


def proportion(measuring: Measuring, asked: Asked, form: f.Proportion) -> Measured:
    """s / n with Wilson's interval, widened by the design effect of the cluster buckets."""
    key = store_metric(measuring, asked.metric)
    sums = measuring.sums(key, asked.arm, asked.flag)
    if sums.n == 0:
        return built(measuring, asked, None, 0, None)
    unknown = why_unknown(measuring, asked.metric, asked.arm)
    if unknown:
        return built(measuring, asked, None, 0, None, unknown)
    good = sums.n - sums.s if form.complement else sums.s
    effect = measuring.share_effect(key, asked.arm)
    return built(measuring, asked, good / sums.n, sums.n, wilson(good, sums.n, effect))


def why_unknown(measuring: Measuring, metric: Metric, *arms: str | None) -> str:
    """Why a share of sessions is unknown in one of these arms, though sessions were counted; "" where it is not."""
    if not isinstance(metric.formula, f.Proportion):
        return ""
    key = store_metric(measuring, metric)
    return UNNAMED if any(sessions_unknown(measuring, key, arm) for arm in arms) else ""


def mean(measuring: Measuring, asked: Asked, form: f.Mean) -> Measured:
    """s / n with Student's interval, widened by the design effect of the cluster buckets."""
    sums = measuring.sums(form.metric, asked.arm, asked.flag)
    if sums.mean is None:
        return built(measuring, asked, None, 0, None)
    interval = mean_interval(sums, mean_effect(measuring, form.metric, asked.arm, sums))
    return built(measuring, asked, sums.mean / form.per, sums.n, scaled(interval, form.per))


def percentile(measuring: Measuring, asked: Asked, form: f.Percentile) -> Measured:
    """A percentile of the log histogram with Woodruff's interval."""
    bins = measuring.bins(form.metric, asked.arm, asked.part)
    value = percentile_of_bins(bins, form.share)
    if value is None:
        return built(measuring, asked, None, 0, None)
    interval = percentile_interval(bins, form.share, exceedance_effect(measuring, form.metric, asked.arm))
    return built(measuring, asked, value / form.per, sum(bins.values()), scaled(interval, form.per))


def mean_effect(measuring: Measuring, metric: str, arm: str | None, sums: Sums) -> float:
    """How much wider a mean's variance is for events of the same subjects."""
    return design_effect(measuring.clusters(metric, arm), variance(sums) / sums.n) if sums.n > 1 else 1.0


def exceedance_effect(measuring: Measuring, metric: str, arm: str | None) -> float:
    """The design effect of a percentile: that of the share of good measurements for a vital, else that of the mean."""
    counted = clustered_as(metric)
    if counted != metric:
        return measuring.share_effect(counted, arm)
    return mean_effect(measuring, metric, arm, measuring.sums(metric, arm))


def clustered_as(metric: str) -> str:
    """The store metric whose cluster buckets say how much wider a percentile's interval is."""
    return metric.replace("vital:", "vital_good:") if metric.startswith("vital:") else metric


def scaled(interval: Interval | None, per: float) -> Interval | None:
    """An interval of the smallest unit in the metric's own."""
    return None if interval is None else Interval(interval.low / per, interval.high / per)
