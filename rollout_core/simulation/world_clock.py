"""What a world's hours look like: served shares, epochs, strata, drift and harm. Shared by both kinds of worlds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rollout_core.analysis.evidence import WHOLE, Stratum
from rollout_core.simulation.worlds import World


class Ramp(NamedTuple):
    """`epoch_of_hour` (hours,) ordinals from 1; per epoch and population: `served` shares (0..1), `closed` (the highest
    share served so far: control lies above it) and `stratum` indexes (-1: no comparison); the strata themselves."""

    epoch_of_hour: np.ndarray
    served: np.ndarray
    closed: np.ndarray
    stratum: np.ndarray
    strata: tuple[Stratum, ...]


def ramp_of(world: World) -> Ramp:
    """The world's ramp as arrays. A share of 0 or 100 % leaves nobody to compare with."""
    starts = np.array([step.hour for step in world.ramp])
    epoch_of_hour = np.searchsorted(starts, np.arange(world.hours), side="right")
    served = np.array([[step.percents.get(entry.name, step.percent) / 100.0 for entry in world.populations]
                       for step in world.ramp])
    closed = np.maximum.accumulate(served, axis=0)
    strata: list[Stratum] = []
    index = np.full(served.shape, -1)
    for (epoch, population), share in np.ndenumerate(served):
        if share > 0.0 and closed[epoch, population] < 1.0:
            wanted = Stratum(epoch + 1, round(share * WHOLE))
            if wanted not in strata:
                strata.append(wanted)
            index[epoch, population] = strata.index(wanted)
    return Ramp(epoch_of_hour, served, closed, index, tuple(strata))


def drift_of(world: World) -> np.ndarray:
    """Factor on everybody's rate, per hour."""
    hours, drift = np.arange(world.hours), world.drift
    factor = np.ones(world.hours)
    if drift.by_week:
        factor *= np.array(drift.by_week)[np.minimum(hours // 168, len(drift.by_week) - 1)]
    inside = (hours >= drift.incident_hour) & (hours < drift.incident_hour + drift.incident_hours)
    return np.where(inside & (drift.incident_hour >= 0), factor * drift.incident_factor, factor)


def traffic_of(world: World) -> np.ndarray:
    """Relative traffic per hour, mean about 1: a daily swing."""
    return np.asarray(1.0 + world.drift.daily * np.sin(2.0 * np.pi * np.arange(world.hours) / 24.0))


def harmful(world: World) -> np.ndarray:
    """True for the hours in which the feature does harm."""
    return np.asarray((np.arange(world.hours) >= world.harm.start_hour) & (not world.harmless))


class RecentHours(NamedTuple):
    """After each hour: the number of the day that yesterday was (0 where that is the first day or none), and the hour
    with which it began."""

    day: np.ndarray
    since: np.ndarray


def recent_at(hour: int | np.ndarray) -> RecentHours:
    """What a sweep at the end of an hour calls the last days: yesterday and today (insight.evidence_version)."""
    day = (np.asarray(hour) + 1) // 24
    counted = day > 1
    return RecentHours(np.where(counted, day, 0), np.where(counted, day - 1, 0) * 24)
