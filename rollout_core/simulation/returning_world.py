"""Returning worlds: units that come again, each with its own rate and many correlated events.

Drawn event by event, then counted as the store counts: sums per hour, stratum, arm and cluster bucket, and first bad
events per unit (ever, and per epoch).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from rollout_core.analysis.evidence import ClusterSums, Evidence, FirstEvents, MetricEvidence, Stratum
from rollout_core.simulation.fresh_world import METRIC
from rollout_core.simulation.world_clock import Ramp, drift_of, harmful, ramp_of, recent_at, traffic_of
from rollout_core.simulation.worlds import World

BUCKETS = 128
TREATMENT, CONTROL, NEITHER = 0, 1, 2


class Units(NamedTuple):
    """Per unit (units,): population, place in 0..1, cluster bucket, first hour, own rate and own rate under harm."""

    population: np.ndarray
    place: np.ndarray
    bucket: np.ndarray
    entry: np.ndarray
    rate: np.ndarray
    harmed: np.ndarray


class Events(NamedTuple):
    """Per event (events,), in any order: unit, hour, stratum (-1: none), arm, and whether it was bad."""

    unit: np.ndarray
    hour: np.ndarray
    stratum: np.ndarray
    arm: np.ndarray
    bad: np.ndarray


class ReturningRun(NamedTuple):
    """One run: cumulative sums (hours, strata, arms 0/1, buckets), pre-period sums (strata, arms, buckets) or None,
    rows of first events since the start and per epoch."""

    world: World
    strata: tuple[Stratum, ...]
    epoch_of_hour: np.ndarray
    d: np.ndarray
    x: np.ndarray
    before_d: np.ndarray | None
    before_x: np.ndarray | None
    firsts: FirstEvents
    firsts_in_epoch: FirstEvents

    def metric(self, hour: int) -> MetricEvidence:
        """Everything counted up to and including an hour."""
        before = None
        if self.before_d is not None and self.before_x is not None:
            before = _cluster_sums(self.before_d, self.before_x)
        lately = None
        if (recent := recent_at(hour)).day:
            lately = _cluster_sums(self.d[hour] - self.d[recent.since - 1] if recent.since else self.d[hour],
                                   self.x[hour] - self.x[recent.since - 1] if recent.since else self.x[hour])
        return MetricEvidence(
            METRIC, self.strata, firsts=_until(self.firsts, hour), firsts_in_epoch=_until(self.firsts_in_epoch, hour),
            sums=_cluster_sums(self.d[hour], self.x[hour]), before=before, baseline=self.world.rate, recent=lately)

    def evidence(self, hour: int) -> Evidence:
        """What a sweep at the end of this hour would have been handed."""
        recent = recent_at(hour)
        return Evidence(int(self.epoch_of_hour[hour]), metrics=(self.metric(hour),), recent_day=int(recent.day),
                        recent_hour=int(recent.since))


def draw_returning(world: World, rng: np.random.Generator) -> ReturningRun:
    """One run."""
    drawn = draw_events(world, rng)
    return counted(world, drawn, draw_before(world, rng, drawn[1]) if world.covariate_days else None)


def draw_events(world: World, rng: np.random.Generator) -> tuple[Ramp, Units, Events]:
    """Who is there and what happens to them, event by event."""
    ramp, units = ramp_of(world), _draw_units(world, rng)
    return ramp, units, _draw_events(world, rng, ramp, units)


def draw_before(world: World, rng: np.random.Generator, units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Events and bad ones of each unit (units,) in the days before the rollout; who comes later has none."""
    per_day = np.array([p.events_per_day for p in world.populations])[units.population]
    d = np.where(units.entry == 0, rng.poisson(per_day * world.covariate_days), 0)
    return d, rng.binomial(d, units.rate)


def counted(world: World, drawn: tuple[Ramp, Units, Events],
            before: tuple[np.ndarray, np.ndarray] | None = None) -> ReturningRun:
    """The statistics of drawn events; `before`: events and bad ones of each unit in the days before."""
    ramp, units, events = drawn
    d, x = _sums(world, ramp, units, events)
    past_d, past_x = (None, None) if before is None else _sums_before(world, ramp, units, before)
    ever = _first_rows(world, ramp, units, _first_ever(events, units), since_entry=True)
    return ReturningRun(world, ramp.strata, ramp.epoch_of_hour, d, x, past_d, past_x, ever,
                        _first_rows(world, ramp, units, _first_per_epoch(events, units, ramp), since_entry=False))


def _draw_units(world: World, rng: np.random.Generator) -> Units:
    sizes = [population.size for population in world.populations]
    population = np.repeat(np.arange(len(sizes)), sizes)
    place = (np.concatenate([(rng.permutation(size) + 0.5) / size for size in sizes]) if world.exact_split
             else rng.random(len(population)))
    newcomer = rng.random(len(population)) < np.array([p.newcomers for p in world.populations])[population]
    entry = np.where(newcomer, rng.integers(0, world.hours, len(population)), 0)
    base = np.array([p.rate for p in world.populations])[population]
    bucket = rng.integers(0, BUCKETS, len(population))
    rate, harmed = _unit_rates(world, rng, base)
    return Units(population, place, bucket, entry, rate, harmed)


def _unit_rates(world: World, rng: np.random.Generator, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates around the base with the world's ICC; beta-distributed, or from a latent normal value over a limit."""
    if world.spread == "latent":
        own = rng.normal(0.0, np.sqrt(world.icc), len(base))
        limit, within = -ndtri(base), np.sqrt(1.0 - world.icc)
        return ndtr((own - limit) / within), ndtr((own + world.harm.shift - limit) / within)
    concentration = 1.0 / world.icc - 1.0 if world.icc else np.inf
    rate = _beta(rng, base, concentration)
    if world.harm.kind == "redraw":
        return rate, _beta(rng, base * world.harm.factor, concentration)
    return rate, np.minimum(rate * world.harm.factor, 1.0)


def _beta(rng: np.random.Generator, mean: np.ndarray, concentration: float) -> np.ndarray:
    if not np.isfinite(concentration):
        return mean.copy()
    return np.asarray(rng.beta(mean * concentration, (1.0 - mean) * concentration))


def _draw_events(world: World, rng: np.random.Generator, ramp: Ramp, units: Units) -> Events:
    per_hour = np.array([p.events_per_day for p in world.populations])[units.population] / 24.0
    unit = np.repeat(np.arange(len(per_hour)), rng.poisson(per_hour * world.hours))
    traffic = np.cumsum(traffic_of(world))
    hour = np.minimum(np.searchsorted(traffic, rng.random(len(unit)) * traffic[-1]), world.hours - 1)
    here = hour >= units.entry[unit]
    unit, hour = unit[here], hour[here]
    epoch, population = ramp.epoch_of_hour[hour] - 1, units.population[unit]
    arm = arms_of(ramp, units.place[unit], epoch, population)
    harmed = (arm == TREATMENT) & harmful(world)[hour]
    chance = np.where(harmed, units.harmed[unit], units.rate[unit]) * drift_of(world)[hour]
    # An audience taken whole has served places only: it keeps arm 0 and is in no stratum.
    return Events(unit, hour, ramp.stratum[epoch, population], arm, rng.random(len(unit)) < chance)


def arms_of(ramp: Ramp, place: np.ndarray, epoch: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Treatment below the served share, control above everything ever served, neither (former) between."""
    served, closed = ramp.served[epoch, population], ramp.closed[epoch, population]
    return np.where(place < served, TREATMENT, np.where(place >= closed, CONTROL, NEITHER))


def _sums(world: World, ramp: Ramp, units: Units, events: Events) -> tuple[np.ndarray, np.ndarray]:
    shape = (world.hours, len(ramp.strata), 2, BUCKETS)
    kept = (events.stratum >= 0) & (events.arm != NEITHER)
    flat = np.ravel_multi_index((events.hour[kept], events.stratum[kept], events.arm[kept],
                                 units.bucket[events.unit[kept]]), shape)
    size = int(np.prod(shape))
    d = np.bincount(flat, minlength=size).reshape(shape)
    x = np.bincount(flat[events.bad[kept]], minlength=size).reshape(shape)
    return np.cumsum(d, axis=0), np.cumsum(x, axis=0)


def _sums_before(world: World, ramp: Ramp, units: Units,
                 before: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the days before by the arm a unit has in each stratum later."""
    shape = (len(ramp.strata), 2, BUCKETS)
    sums_d, sums_x = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for epoch in range(len(world.ramp)):
        stratum = ramp.stratum[epoch, units.population]
        arm = arms_of(ramp, units.place, np.full(len(units.place), epoch), units.population)
        kept = (stratum >= 0) & (arm != NEITHER)
        for sums, values in zip((sums_d, sums_x), before, strict=True):
            np.add.at(sums, (stratum[kept], arm[kept], units.bucket[kept]), values[kept])
    return sums_d, sums_x


class Firsts(NamedTuple):
    """First bad events: unit, hour, and the epoch (0-based) they are counted in; -1: once and for all."""

    unit: np.ndarray
    hour: np.ndarray
    epoch: np.ndarray


def _first_ever(events: Events, units: Units) -> Firsts:
    """What happens to those once treated while they are in no comparison is not counted, as in the store."""
    hour, counts = np.full(len(units.place), np.iinfo(np.int64).max), events.bad & (events.arm != NEITHER)
    np.minimum.at(hour, events.unit[counts], events.hour[counts])
    unit = np.flatnonzero(hour < np.iinfo(np.int64).max)
    return Firsts(unit, hour[unit], np.full(len(unit), -1))


def _first_per_epoch(events: Events, units: Units, ramp: Ramp) -> Firsts:
    epochs = int(ramp.epoch_of_hour.max())
    hour = np.full((len(units.place), epochs), np.iinfo(np.int64).max)
    bad_hour = events.hour[events.bad]
    np.minimum.at(hour, (events.unit[events.bad], ramp.epoch_of_hour[bad_hour] - 1), bad_hour)
    unit, epoch = np.nonzero(hour < np.iinfo(np.int64).max)
    return Firsts(unit, hour[unit, epoch], epoch)


def _first_rows(world: World, ramp: Ramp, units: Units, firsts: Firsts, *, since_entry: bool) -> FirstEvents:
    """Rows per hour and stratum: who could still have a first event when the hour began, and who had it in the hour."""
    shape = (world.hours + 1, max(len(ramp.strata), 1), 2)
    begins, events = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    edges = [*(step.hour for step in world.ramp), world.hours]
    for epoch in range(len(world.ramp)):
        stratum = ramp.stratum[epoch, units.population]
        arm = arms_of(ramp, units.place, np.full(len(units.place), epoch), units.population)
        mine = firsts.epoch == epoch if not since_entry else np.ones(len(firsts.unit), dtype=bool)
        last = np.full(len(units.place), world.hours)
        last[firsts.unit[mine]] = firsts.hour[mine]
        start = np.maximum(units.entry, edges[epoch])
        stop = np.minimum(last + 1, edges[epoch + 1])
        kept = (stratum >= 0) & (arm != NEITHER) & (start < stop)
        np.add.at(begins, (start[kept], stratum[kept], arm[kept]), 1)
        np.add.at(begins, (stop[kept], stratum[kept], arm[kept]), -1)
        hit = kept & (last >= edges[epoch]) & (last < edges[epoch + 1])
        np.add.at(events, (last[hit], stratum[hit], arm[hit]), 1)
    return _rows(np.cumsum(begins, axis=0)[:-1], events[:-1])


def _rows(at_risk: np.ndarray, events: np.ndarray) -> FirstEvents:
    hour, stratum = np.nonzero(at_risk.sum(axis=2) > 0)
    columns = (stratum, hour, events[hour, stratum, 0], events[hour, stratum, 1],
               at_risk[hour, stratum, 0], at_risk[hour, stratum, 1])
    return FirstEvents(*(tuple(column.tolist()) for column in columns))


def _until(rows: FirstEvents, hour: int) -> FirstEvents:
    end = int(np.searchsorted(np.asarray(rows.hour), hour, side="right"))
    return FirstEvents(rows.stratum[:end], rows.hour[:end], rows.events_treatment[:end], rows.events_control[:end],
                       rows.at_risk_treatment[:end], rows.at_risk_control[:end])


def _cluster_sums(d: np.ndarray, x: np.ndarray) -> ClusterSums:
    def table(values: np.ndarray) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(row) for row in values.tolist())
    return ClusterSums(table(d[:, TREATMENT]), table(x[:, TREATMENT]), table(d[:, CONTROL]), table(x[:, CONTROL]))
