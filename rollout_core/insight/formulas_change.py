"""Formulas that compare treatment with the concurrent control, within strata: relative changes, points for scores that
may be zero or negative.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rollout_core.insight.formulas import Asked, built, clustered_as, why_unknown
from rollout_core.insight.formulas_sides import comparable, compared, in_pairs
from rollout_core.insight.measuring import CONTROL, TREATMENT, Measuring, Stratum
from rollout_core.insight.people import has_control
from rollout_core.insight.words import NOT_COMPARED
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import NOTHING, Sums
from rollout_core.metrics.catalog import CATALOG, Metric
from rollout_core.metrics.interval import Estimate, Interval, difference, estimate_of, relative_change
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.metrics.stratified import Side, combined
from rollout_core.ports.event_questions import Exposed

NOT_CAUSAL = "against the days before the start, since there is no control: not causal"
POINTS = "points"
"""The unit of scores below or at zero (NPS): a quotient of two of them means nothing."""


def change(measuring: Measuring, asked: Asked, form: f.Change) -> Measured:
    """The relative change of another metric; without a control against the baseline window, labelled not causal."""
    return between(measuring, asked, CATALOG[form.of])


def between(measuring: Measuring, asked: Asked, base: Metric) -> Measured:
    """The change of `base`, reported as `asked.metric`: few when the smaller arm has less than the minimum sample."""
    unknown = why_unknown(measuring, base, TREATMENT, CONTROL)
    if unknown:
        return built(measuring, asked, None, 0, None, unknown)
    found = compared(measuring, replace(asked, metric=base))
    if found is not None:
        apart = _apart(measuring, asked, found.treatment, found.control, found.n)
        few = found.fewest < asked.metric.minimum_sample and apart.value is not None
        return replace(apart, quality=Quality.FEW if few else apart.quality, alike=found.alike(base.unit))
    return _against_baseline(measuring, asked, base)


def change_of(measuring: Measuring, metric: Metric, part: str = "", flag: str | None = None) -> Measured:
    """The change of any metric under its own key, for tables that show it beside the arms: relative, or in points."""
    unit = POINTS if metric.unit == POINTS else "relative"
    return between(measuring, Asked(replace(metric, unit=unit), None, flag, part=part), metric)


def worst_change(measuring: Measuring, asked: Asked, form: f.WorstChange) -> Measured:
    """The largest of several changes that have data; all of them are slower when larger."""
    forms = [CATALOG[key].formula for key in form.of]
    metrics = [each.metric for each in forms if isinstance(each, f.Percentile)]
    measuring.prefetch_bins(metrics)
    measuring.prefetch_clusters(map(clustered_as, metrics))
    parts = [change(measuring, asked, f.Change(key)) for key in form.of]
    known = [(part, key) for part, key in zip(parts, form.of, strict=True) if part.value is not None]
    if not known:
        return built(measuring, asked, None, 0, None)
    worst, key = max(known, key=lambda item: item[0].value or 0.0)
    note = "; ".join(filter(None, (CATALOG[key].name, worst.note)))
    return replace(worst, metric=asked.metric.key, noun=CATALOG[key].noun, note=note)


def _apart(measuring: Measuring, asked: Asked, one: Estimate, other: Estimate, n: int) -> Measured:
    """How far two estimates are apart, in the unit that was asked for."""
    if asked.metric.unit == POINTS:
        return built(measuring, replace(asked, arm=None), one.value - other.value, n, difference(one, other))
    return _relative(measuring, asked, one, other, n)


def _relative(measuring: Measuring, asked: Asked, one: Estimate, other: Estimate, n: int) -> Measured:
    if other.value <= 0:
        return built(measuring, asked, None, 0, None, "control is zero, so there is nothing to relate to")
    return built(measuring, replace(asked, arm=None), one.value / other.value - 1, n, relative_change(one, other))


def _against_baseline(measuring: Measuring, asked: Asked, base: Metric) -> Measured:
    from rollout_core.insight.measure import measure  # the table of formulas contains this one

    rollout = measuring.scene.rollout
    now = measure(measuring, replace(asked, metric=base, arm=TREATMENT))
    if rollout.started_at is None or now.value is None or now.low is None or now.high is None:
        return built(measuring, asked, None, 0, None, "no control and no treatment to compare")
    if has_control(measuring.events, measuring.scene):      # then days before the start stand for nothing
        return built(measuring, asked, None, 0, None, _why_not(measuring, asked, base))
    days = measuring.scene.plan.measurement.baseline_days
    earlier = Window(rollout.started_at - timedelta(days=days), rollout.started_at)
    past = measure(measuring.over(earlier), replace(asked, metric=base, arm=None))
    if past.value is None or past.low is None or past.high is None:
        return built(measuring, asked, None, 0, None, f"no control, and no data in the {days} days before the start")
    found = _apart(measuring, asked, estimate_of(now.value, Interval(now.low, now.high)),
                   estimate_of(past.value, Interval(past.low, past.high)), now.n + past.n)
    few = Quality.FEW in (now.quality, past.quality)
    return replace(found, causal=False, note=NOT_CAUSAL, quality=Quality.FEW if few else found.quality)


def _why_not(measuring: Measuring, asked: Asked, base: Metric) -> str:
    """Why a metric is not compared though somebody is in control."""
    from rollout_core.insight.measure import measure  # the table of formulas contains this one

    if measure(measuring, replace(asked, metric=base, arm=CONTROL)).value is None:
        return "nothing came from control in this window"
    if not comparable(base.formula):
        return f"{NOT_COMPARED}for this metric no comparison with control is made"
    return f"{NOT_COMPARED}both arms never had enough data at the same time and share"


def telemetry_ratio(measuring: Measuring, asked: Asked, form: f.TelemetryRatio) -> Measured:
    """Sessions and page views per exposed subject, treatment over control, minus 1.

    Data in control and none in treatment is -100 %, not "no data": a white page reports no error.
    """
    measuring.prefetch(("session_errors", "page_views"))
    people: dict[Stratum, int] = {}
    for row in measuring.ask(Exposed(measuring.rollout, measuring.closed)).records():
        place = Stratum(row["arm"], row["epoch"], row["inclusion"])
        people[place] = people.get(place, 0) + row["entered"]
    seen = {place: sum(measuring.strata(key).get(place, NOTHING).n for key in ("session_errors", "page_views"))
            for place in people}
    joined = {place: Sums(count, seen[place], seen[place]) for place, count in people.items()}
    pairs = [(Side(t.s / t.n, t.ss / t.n**2, t.n), Side(c.s / c.n, c.ss / c.n**2, c.n))
             for t, c in in_pairs(joined) if t.n and c.n]
    found = combined(pairs)
    if found is None:
        return built(measuring, asked, None, 0, None, "no control to compare with")
    if found.treatment.value == 0 and found.control.value > 0:
        nothing = "control sends data and treatment sends none"
        return replace(built(measuring, asked, -1.0, found.n, Interval(-1.0, -1.0), nothing), arm=None)
    return _relative(measuring, asked, found.treatment, found.control, found.n)
