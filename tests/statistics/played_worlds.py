"""Worlds played into the real stores: every subject exposed, every outcome an event, sweeps at the hours asked for.

What the sweep judged is held against the direct run: the same draws, counted by the simulation instead of the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from rollout_core.analysis.evidence import Evidence, MetricEvidence, PairedCounts
from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.flags.bucketing import bucket_of
from rollout_core.insight.known import Frozen, frozen_key
from rollout_core.metrics.subject_key import subject_key
from rollout_core.rollouts.rollout import Epoch
from rollout_core.simulation.fresh_world import FreshRun, draw_fresh
from rollout_core.simulation.returning_world import Events, Units, arms_of, counted, draw_events
from rollout_core.simulation.world_clock import Ramp, recent_at
from rollout_core.simulation.worlds import World
from tests.golden.made_world import PLAN, T0
from tests.golden.made_world import World as Store

KEY = b"k" * 32
"""The key of the golden world's in-memory store."""
HOUR = timedelta(hours=1)
RULES = {
    "returning": PLAN.replace("margin: 0.5 %, mde: 1 %", "margin: {half} %, mde: {mde} %"),
    "fresh": PLAN.replace("name: Errors, metric: error_rate, margin: 0.5 %, mde: 1 %",
                          "name: Outcome, metric: adoption_rate, margin: {half} %, mde: {mde} %").replace(
        "measurement:\n", "measurement:\n  adoption_age: 1 h\n"),
}
"""A guardrail on the outcome: errors of requests, or (once per subject) a use within the hour: the bad outcome is that
it is missing. Pause conditions and alerts are left out: the worlds have one guardrail."""


METRICS = {"returning": "error_rate", "fresh": "adoption_rate"}
ARMS = {0: "treatment", 1: "control", 2: "former"}


class Happening(NamedTuple):
    """In an hour: an exposure (`arm` given), a use, or a request of `who`."""

    hour: int
    who: str
    arm: str | None = None
    epoch: int = 0
    inclusion: int = 0
    used: bool = False
    bad: bool = False


def cluster_of(subject: str) -> int:
    """The bucket that the store puts a subject into."""
    return bucket_of("cluster", str(subject_key(KEY, "user", subject))) % 128


class Played:
    """A world in the stores up to an hour; `play_to` lets hours pass and sweeps."""

    def __init__(self, folder: Path, world: World, happening: list[Happening]) -> None:
        half, mde = (format(100 * value, ".10g") for value in (world.mde / 2, world.mde))
        text = RULES[world.kind].replace("{half}", half).replace("{mde}", mde)
        self.world, self.happening = world, sorted(happening, key=lambda each: each.hour)
        self.store = Store(folder, _without(_without(text, "pause_conditions"), "alerts"))
        self.metric = METRICS[world.kind]
        self._reached = 0
        self._freeze(baseline_of(world))

    def _freeze(self, baseline: float) -> None:
        with self.store.room.control.write() as unit:
            frozen = msgspec.json.encode(Frozen([], {self.metric: baseline})).decode()
            unit.meta.set(frozen_key("r", 1), frozen)

    def play_to(self, hours: int) -> tuple[Swept, Mapping[str, Any]]:
        """The sweep after so many whole hours, and the guardrail's verdict as its decision record holds it."""
        self.store.clock.at = T0 + hours * HOUR + timedelta(minutes=3)
        for number, step in enumerate(self.world.ramp, start=1):
            if number > 1 and self._reached <= step.hour < hours:
                self._enter(number, round(step.percent * 1000), T0 + step.hour * HOUR)
        for each in self.happening:
            if self._reached <= each.hour < hours:
                self._write(each)
        self._reached = hours
        self.store.close()
        swept = sweep_one(self.store.room, "r")
        assert swept.failed == "", swept.failed
        assert swept.decision is not None
        with self.store.room.control.read() as unit:
            seen = unit.decisions.get(swept.decision).seen
        return swept, next(each for each in seen["verdicts"]["guardrails"] if each["key"] == "errors")

    def _enter(self, number: int, percentage: int, began_at: datetime) -> None:
        thresholds = {"everyone": percentage}
        with self.store.room.control.write() as unit:
            unit.epochs.add(Epoch("r", number, began_at, "one", percentage, thresholds, thresholds,
                                  frozenset({"f1", "f2"}), "advance", 1))
        self.store.change_rollout(percentage=percentage, epoch=number)
        sync_epochs(self.store.room)

    def _write(self, each: Happening) -> None:
        if each.arm is not None:
            self.store.expose(each.who, each.arm, each.hour, epoch=each.epoch, inclusion=each.inclusion)
        elif each.used:
            self.store.add("feature_use", each.hour + 0.5, each.who, flag="f1")
        else:
            self.store.add("api_request", each.hour + 0.5, each.who, endpoint="/x", status=500 if each.bad else 200,
                           value=1.0)


def baseline_of(world: World) -> float:
    """The usual value of the metric that the world is played as."""
    return 1.0 - world.rate if world.kind == "fresh" else world.rate


def played_returning(folder: Path, world: World, seed: int) -> tuple[Played, Callable[[int], Evidence]]:
    """A returning world in the stores, and the direct evidence after so many hours."""
    ramp, units, events = draw_events(world, np.random.default_rng(seed))
    units = units._replace(bucket=np.array([cluster_of(f"u{number}") for number in range(len(units.place))]))
    run = counted(world, (ramp, units, events))

    def direct(hours: int) -> Evidence:
        found = run.evidence(hours - 1)
        metric = replace(found.metrics[0], metric=METRICS["returning"], baseline=baseline_of(world))
        return replace(found, metrics=(metric,))
    return Played(folder, world, [*_exposures(world, ramp, units), *_requests(events)]), direct


def _exposures(world: World, ramp: Ramp, units: Units) -> Iterator[Happening]:
    """Everybody who is there is seen at the beginning of every epoch, else when they come."""
    edges = [*(step.hour for step in world.ramp), world.hours]
    for epoch in range(len(world.ramp)):
        arm = arms_of(ramp, units.place, np.full(len(units.place), epoch), units.population)
        stratum = ramp.stratum[epoch, units.population]
        for unit in np.flatnonzero((stratum >= 0) & (units.entry < edges[epoch + 1])):
            yield Happening(max(int(units.entry[unit]), edges[epoch]), f"u{unit}", ARMS[int(arm[unit])], epoch + 1,
                            ramp.strata[stratum[unit]].inclusion)


def _requests(events: Events) -> Iterator[Happening]:
    for unit, hour, bad in zip(events.unit.tolist(), events.hour.tolist(), events.bad.tolist(), strict=True):
        yield Happening(hour, f"u{unit}", bad=bad)


def played_fresh(folder: Path, world: World, seed: int) -> tuple[Played, Callable[[int], Evidence]]:
    """A world of newcomers in the stores, and the direct evidence after so many hours."""
    run = draw_fresh(world, np.random.default_rng(seed))

    def direct(hours: int) -> Evidence:
        # An outcome is known an hour after entering, and rows are days: what the newcomers of hour h did is known with
        # the end of hour h, and belongs to the day on which the next hour begins.
        known = run.hour + 1 <= hours
        cells: dict[tuple[int, int], np.ndarray] = defaultdict(lambda: np.zeros(4, np.int64))
        columns = np.stack([run.n_treatment - run.x_treatment, run.n_treatment, run.n_control - run.x_control,
                            run.n_control], axis=1)
        for hour, stratum, row in zip(run.hour[known].tolist(), run.stratum[known].tolist(), columns[known],
                                      strict=True):
            cells[(hour + 1) // 24, stratum] += row
        rows = [(stratum, day * 24, *cells[day, stratum].tolist()) for day, stratum in sorted(cells)]
        seen = sorted({row[0] for row in rows})
        blocks = PairedCounts(*(tuple(column) for column in zip(*rows, strict=True)))
        metric = MetricEvidence(METRICS["fresh"], tuple(run.strata[: seen[-1] + 1]), blocks=blocks,
                                baseline=baseline_of(world))
        recent = recent_at(hours - 1)
        return Evidence(int(run.epoch_of_hour[hours - 1]), metrics=(metric,), recent_day=int(recent.day),
                        recent_hour=int(recent.since))
    return Played(folder, world, list(_newcomers(run))), direct


def _newcomers(run: FreshRun) -> Iterator[Happening]:
    names = count()
    for place, (hour, stratum) in enumerate(zip(run.hour.tolist(), run.stratum.tolist(), strict=True)):
        sides = (("treatment", run.n_treatment[place], run.x_treatment[place]),
                 ("control", run.n_control[place], run.x_control[place]))
        for arm, n, bad in sides:
            for turn in range(int(n)):
                who = f"n{next(names)}"
                yield Happening(hour, who, arm, run.strata[stratum].epoch, run.strata[stratum].inclusion)
                if turn >= bad:
                    yield Happening(hour, who, used=True)


def _without(text: str, key: str) -> str:
    """The plan without one of its lists."""
    lines, kept, inside = text.splitlines(), [], False
    for line in lines:
        inside = line.startswith(f"{key}:") or (inside and line.startswith(" "))
        if not inside:
            kept.append(line)
    return "\n".join(kept)
