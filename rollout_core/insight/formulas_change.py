"""Formulas that compare: relative change of treatment against the concurrent control, within strata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rollout_core.insight.formulas import Asked, built, exceedance_effect, mean_effect, store_metric
from rollout_core.insight.formulas_people import retained
from rollout_core.insight.measuring import CONTROL, MEMBERS, TREATMENT, Measuring, Stratum
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import NOTHING, Sums
from rollout_core.metrics.catalog import CATALOG, Metric
from rollout_core.metrics.interval import (
    Estimate,
    Interval,
    estimate_of,
    relative_change,
    share_design_effect,
    variance,
)
from rollout_core.metrics.measured import Measured, Window
from rollout_core.metrics.stratified import Compared, Side, combined, combined_percentile
from rollout_core.ports.event_questions import ActiveSubjects, Exposed

SidePair = tuple[Side, Side]
NOT_CAUSAL = "against the days before the start, since there is no control: not causal"


def change(measuring: Measuring, asked: Asked, form: f.Change) -> Measured:
    """The relative change of another metric; without a control against the baseline window, labelled not causal."""
    return between(measuring, asked, CATALOG[form.of])


def between(measuring: Measuring, asked: Asked, base: Metric) -> Measured:
    """The relative change of `base`, reported as `asked.metric`."""
    found = compared(measuring, replace(asked, metric=base))
    if found is not None:
        return _relative(measuring, asked, found.treatment, found.control, found.n)
    return _against_baseline(measuring, asked, base)


def change_of(measuring: Measuring, metric: Metric, part: str = "", flag: str | None = None) -> Measured:
    """The relative change of any metric under its own key, for tables that show it beside the arms."""
    return between(measuring, Asked(replace(metric, unit="relative"), None, flag, part=part), metric)


def worst_change(measuring: Measuring, asked: Asked, form: f.WorstChange) -> Measured:
    """The largest of several changes that have data; all of them are slower when larger."""
    parts = [change(measuring, asked, f.Change(key)) for key in form.of]
    known = [(part, key) for part, key in zip(parts, form.of, strict=True) if part.value is not None]
    if not known:
        return built(measuring, asked, None, 0, None)
    worst, key = max(known, key=lambda item: item[0].value or 0.0)
    note = "; ".join(filter(None, (CATALOG[key].name, worst.note)))
    return replace(worst, metric=asked.metric.key, noun=CATALOG[key].noun, note=note)


def compared(measuring: Measuring, asked: Asked) -> Compared | None:
    """Both arms of a metric over the same mix of strata; None where a metric has no control or there is none."""
    if isinstance(asked.metric.formula, f.Percentile):
        return _percentiles(measuring, asked, asked.metric.formula)
    pairs = PAIRS.get(type(asked.metric.formula))
    return None if pairs is None else combined(pairs(measuring, asked, asked.metric.formula))


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
    days = measuring.scene.plan.measurement.baseline_days
    earlier = Window(rollout.started_at - timedelta(days=days), rollout.started_at)
    past = measure(measuring.over(earlier), replace(asked, metric=base, arm=None))
    if past.value is None or past.low is None or past.high is None:
        return built(measuring, asked, None, 0, None, f"no control, and no data in the {days} days before the start")
    found = _relative(measuring, asked, estimate_of(now.value, Interval(now.low, now.high)),
                      estimate_of(past.value, Interval(past.low, past.high)), now.n + past.n)
    return replace(found, causal=False, note=NOT_CAUSAL)


def in_pairs(strata: Mapping[Stratum, Sums]) -> Iterator[tuple[Sums, Sums]]:
    """(treatment, control) of every compared stratum; holdout counts as control."""
    by_place: dict[tuple[int, int], list[Sums]] = {}
    for stratum, sums in strata.items():
        side = 0 if stratum.arm in MEMBERS[TREATMENT] else 1 if stratum.arm in MEMBERS[CONTROL] else None
        if stratum.compared and side is not None:
            pair = by_place.setdefault((stratum.epoch, stratum.inclusion), [NOTHING, NOTHING])
            pair[side] = pair[side] + sums
    return ((pair[0], pair[1]) for pair in by_place.values())


def _proportions(measuring: Measuring, asked: Asked, form: f.Proportion) -> Iterator[SidePair]:
    key = store_metric(measuring, asked.metric)
    effects = [share_design_effect(measuring.clusters(key, arm)) for arm in (TREATMENT, CONTROL)]
    for treatment, control in in_pairs(measuring.strata(key, asked.flag)):
        yield (_share_side(treatment, effects[0], form.complement), _share_side(control, effects[1], form.complement))


def _share_side(sums: Sums, effect: float, complement: bool = False) -> Side:
    if sums.n == 0:
        return Side(0.0, 0.0, 0.0)
    x = sums.n - sums.s if complement else sums.s
    return Side(x / sums.n, max(0.0, x * (sums.n - x) / sums.n**3) * effect, sums.n)


def _means(measuring: Measuring, asked: Asked, form: f.Mean) -> Iterator[SidePair]:
    effects = [mean_effect(measuring, form.metric, arm, measuring.sums(form.metric, arm))
               for arm in (TREATMENT, CONTROL)]
    for pair in in_pairs(measuring.strata(form.metric, asked.flag)):
        sides = [Side(sums.s / sums.n, variance(sums) * effect / sums.n, sums.n) if sums.n > 1 else Side(0.0, 0.0, 0.0)
                 for sums, effect in zip(pair, effects, strict=True)]
        yield sides[0], sides[1]


def _rates(measuring: Measuring, asked: Asked, form: f.PerActive) -> Iterator[SidePair]:
    days: dict[Stratum, Sums] = {}
    for row in measuring.ask(ActiveSubjects(measuring.rollout, measuring.closed, ("session",))).records():
        place = Stratum(row["arm"], row["epoch"], row["inclusion"])
        days[place] = days.get(place, NOTHING) + Sums(row["subjects"])
    events = measuring.strata(form.metric)
    joined = {place: Sums(day.n, events.get(place, NOTHING).s if form.per else events.get(place, NOTHING).n,
                          events.get(place, NOTHING).ss if form.per else events.get(place, NOTHING).n)
              for place, day in days.items()}
    for pair in in_pairs(joined):
        sides = [Side(sums.s / sums.n, sums.ss / sums.n**2, sums.n) if sums.n else Side(0.0, 0.0, 0.0) for sums in pair]
        yield sides[0], sides[1]


def _retained(measuring: Measuring, asked: Asked, form: f.RetentionOn) -> Iterator[SidePair]:
    strata = {Stratum(row["arm"], row["epoch"], row["inclusion"]): Sums(row["at_risk"], row["active"])
              for row in retained(measuring, (form.day,), within=form.within)}
    for treatment, control in in_pairs(strata):
        yield _share_side(treatment, 1.0), _share_side(control, 1.0)


def _percentiles(measuring: Measuring, asked: Asked, form: f.Percentile) -> Compared | None:
    by_place: dict[tuple[int, int], tuple[dict[int, int], dict[int, int]]] = {}
    for stratum, bins in measuring.strata_bins(form.metric, asked.part).items():
        side = 0 if stratum.arm in MEMBERS[TREATMENT] else 1 if stratum.arm in MEMBERS[CONTROL] else None
        if stratum.compared and side is not None:
            into = by_place.setdefault((stratum.epoch, stratum.inclusion), ({}, {}))[side]
            for place, count in bins.items():
                into[place] = into.get(place, 0) + count
    effects = (exceedance_effect(measuring, form.metric, TREATMENT), exceedance_effect(measuring, form.metric, CONTROL))
    return combined_percentile(by_place.values(), form.share, effects)


PAIRS: Mapping[type, Callable[[Measuring, Asked, Any], Iterator[SidePair]]] = {
    f.Proportion: _proportions, f.Mean: _means, f.PerActive: _rates, f.RetentionOn: _retained,
}
"""Formulas that have a control, and how their strata are paired."""


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
