"""Fresh worlds: every hour brings newcomers, each with one yes/no outcome. Drawn as counts per hour and stratum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rollout_core.analysis.evidence import WHOLE, Evidence, Exposures, MetricEvidence, PairedCounts, Stratum
from rollout_core.simulation.world_clock import drift_of, harmful, ramp_of, recent_at, traffic_of
from rollout_core.simulation.worlds import World

METRIC = "bad_outcome"


class FreshRun(NamedTuple):
    """One run: rows in time order (hour, stratum) with outcomes and subjects of each arm, and the world's strata."""

    world: World
    strata: tuple[Stratum, ...]
    epoch_of_hour: np.ndarray
    hour: np.ndarray
    stratum: np.ndarray
    x_treatment: np.ndarray
    n_treatment: np.ndarray
    x_control: np.ndarray
    n_control: np.ndarray

    def metric(self, until: int | None = None) -> MetricEvidence:
        """Everything counted up to and including an hour (None: all)."""
        end = None if until is None else int(np.searchsorted(self.hour, until, side="right"))
        columns = [tuple(column[:end].tolist()) for column in self[3:]]
        hour, stratum, x_t, n_t, x_c, n_c = columns
        return MetricEvidence(METRIC, self.strata, blocks=PairedCounts(stratum, hour, x_t, n_t, x_c, n_c),
                              baseline=self.world.rate)

    def evidence(self, hour: int) -> Evidence:
        """What a sweep at the end of this hour would have been handed."""
        metric = self.metric(hour)
        rows = metric.blocks
        taken = () if rows is None else rows.stratum
        exposures = Exposures() if rows is None else Exposures(
            rows.n_treatment, rows.n_control, tuple(self.strata[index].inclusion for index in taken))
        recent = recent_at(hour)
        return Evidence(int(self.epoch_of_hour[hour]), exposures, (metric,), recent_day=int(recent.day),
                        recent_hour=int(recent.since))


def draw_fresh(world: World, rng: np.random.Generator) -> FreshRun:
    """One run. `sample_loss` of treatment's newcomers are never recorded."""
    ramp, drift, harm = ramp_of(world), drift_of(world), harmful(world)
    rows = []
    for place, population in enumerate(world.populations):
        arrivals = rng.poisson(population.per_hour * traffic_of(world))
        epoch = ramp.epoch_of_hour - 1
        stratum = ramp.stratum[epoch, place]
        share, closed = ramp.served[epoch, place], ramp.closed[epoch, place]
        n_t = rng.binomial(arrivals, share)
        n_c = rng.binomial(arrivals - n_t, np.where(share < 1.0, (1.0 - closed) / np.maximum(1.0 - share, 1e-12), 0.0))
        if world.sample_loss:
            n_t = rng.binomial(n_t, 1.0 - world.sample_loss)
        rate = np.minimum(population.rate * drift, 1.0)
        harmed = np.where(harm, np.minimum(rate * world.harm.factor, 1.0), rate)
        kept = stratum >= 0
        rows.append(np.stack([np.arange(world.hours), stratum, rng.binomial(n_t, harmed), n_t,
                              rng.binomial(n_c, rate), n_c])[:, kept])
    table = np.concatenate(rows, axis=1)
    ordered = table[:, np.argsort(table[0], kind="stable")]
    return FreshRun(world, ramp.strata, ramp.epoch_of_hour, *ordered)


def inclusion_share(strata: tuple[Stratum, ...]) -> np.ndarray:
    """Configured treatment share per stratum, 0..1."""
    return np.array([stratum.inclusion / WHOLE for stratum in strata])
