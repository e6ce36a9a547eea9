"""Both arms of a metric, stratum by stratum: what treatment and control rest on before they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from rollout_core.insight.formulas import Asked, exceedance_effect, mean_effect, store_metric, why_unknown
from rollout_core.insight.formulas_people import on_five, on_ten, rating_strata, retained
from rollout_core.insight.measuring import CONTROL, MEMBERS, TREATMENT, Measuring, Stratum
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import NOTHING, Sums, merged
from rollout_core.metrics.catalog import MICRO
from rollout_core.metrics.interval import Estimate, variance
from rollout_core.metrics.nps import net_promoter_score
from rollout_core.metrics.stratified import Compared, Side, combined, combined_percentile
from rollout_core.ports.event_questions import ActiveSubjects

SidePair = tuple[Side, Side]
T = TypeVar("T")


def _sides(strata: Mapping[Stratum, T]) -> Iterator[tuple[list[T], list[T]]]:
    """What treatment has and what control has in every compared stratum; holdout counts as control."""
    by_place: dict[tuple[int, int], tuple[list[T], list[T]]] = {}
    for stratum, found in strata.items():
        side = 0 if stratum.arm in MEMBERS[TREATMENT] else 1 if stratum.arm in MEMBERS[CONTROL] else None
        if stratum.compared and side is not None:
            by_place.setdefault((stratum.epoch, stratum.inclusion), ([], []))[side].append(found)
    return iter(by_place.values())


def in_pairs(strata: Mapping[Stratum, Sums]) -> Iterator[tuple[Sums, Sums]]:
    """(treatment, control) of every compared stratum; holdout counts as control."""
    return ((merged(treatment), merged(control)) for treatment, control in _sides(strata))


def _proportions(measuring: Measuring, asked: Asked, form: f.Proportion) -> Iterator[SidePair]:
    key = store_metric(measuring, asked.metric)
    effects = [measuring.share_effect(key, arm) for arm in (TREATMENT, CONTROL)]
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
        yield _mean_side(pair[0], effects[0]), _mean_side(pair[1], effects[1])


def _mean_side(sums: Sums, effect: float = 1.0) -> Side:
    """A mean needs two values to know its spread."""
    return Side(sums.s / sums.n, variance(sums) * effect / sums.n, sums.n) if sums.n > 1 else Side(0.0, 0.0, 0.0)


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
    return retained_pairs(measuring, form.day, within=form.within)


def retained_pairs(measuring: Measuring, day: int, among: tuple[int, ...] = (), *,
                   within: bool = False) -> Iterator[SidePair]:
    """Who was active on a day, by compared stratum; `among`: days that are asked for together."""
    strata = {Stratum(row["arm"], row["epoch"], row["inclusion"]): Sums(row["at_risk"], row["active"])
              for row in retained(measuring, among or (day,), within=within) if row["day_n"] == day}
    for treatment, control in in_pairs(strata):
        yield _share_side(treatment, 1.0), _share_side(control, 1.0)


def _percentiles(measuring: Measuring, asked: Asked, form: f.Percentile) -> Compared | None:
    strata = measuring.strata_bins(form.metric, asked.part)
    pairs = [(_summed(treatment), _summed(control)) for treatment, control in _sides(strata)]
    effects = (exceedance_effect(measuring, form.metric, TREATMENT), exceedance_effect(measuring, form.metric, CONTROL))
    return combined_percentile(pairs, form.share, effects)


def _summed(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for bins in histograms:
        for place, count in bins.items():
            total[place] = total.get(place, 0) + count
    return total


def _satisfied(measuring: Measuring, asked: Asked, form: f.Satisfaction) -> Iterator[SidePair]:
    strata = {place: merged(map(on_five, rows)) for place, rows in rating_strata(measuring, "satisfaction").items()}
    for treatment, control in in_pairs(strata):
        yield _mean_side(treatment), _mean_side(control)


def _promoters(measuring: Measuring, asked: Asked, form: f.PromoterScore) -> Iterator[SidePair]:
    for treatment, control in _sides(rating_strata(measuring, "nps")):
        yield _score_side(chain(*treatment)), _score_side(chain(*control))


def _score_side(rows: Iterable[dict[str, Any]]) -> Side:
    counts = on_ten(rows)
    found = net_promoter_score(counts)
    return Side(0.0, 0.0, 0.0) if found is None else Side(found.value, found.error**2, sum(counts.values()))


PAIRS: Mapping[type, Callable[[Measuring, Asked, Any], Iterator[SidePair]]] = {
    f.Proportion: _proportions, f.Mean: _means, f.PerActive: _rates, f.RetentionOn: _retained,
    f.Satisfaction: _satisfied, f.PromoterScore: _promoters,
}
"""Formulas that have a control, and how their strata are paired."""


def comparable(form: f.Formula) -> bool:
    """True when a formula's arms can be compared."""
    return isinstance(form, f.Percentile) or type(form) in PAIRS


def compared(measuring: Measuring, asked: Asked) -> Compared | None:
    """Both arms of a metric over the same mix of strata, in the metric's unit; None where a metric has no control or
    there is none, or where one arm's share of sessions is unknown."""
    if why_unknown(measuring, asked.metric, TREATMENT, CONTROL):
        return None
    form = asked.metric.formula
    pairs = PAIRS.get(type(form))
    found = (_percentiles(measuring, asked, form) if isinstance(form, f.Percentile)
             else None if pairs is None else combined(pairs(measuring, asked, form)))
    return None if found is None else _in_unit(found, _per(form))


def _per(form: f.Formula) -> float:
    """How many of what the store counts make one of the metric's unit."""
    return MICRO if isinstance(form, f.Satisfaction) else getattr(form, "per", 0) or 1


def _in_unit(found: Compared, per: float) -> Compared:
    treatment, control = (Estimate(each.value / per, each.error / per) for each in (found.treatment, found.control))
    return found._replace(treatment=treatment, control=control)
