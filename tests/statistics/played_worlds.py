"""Worlds played into the real stores: every subject exposed, every outcome an event, sweeps at the hours asked for.

What the sweep judged is held against the direct run: the same draws, counted by the simulation instead of the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from rollout_core.analysis.evidence import WHOLE, Evidence, MetricEvidence, PairedCounts
from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.flags.bucketing import bucket_of
from rollout_core.insight.known import Frozen, frozen_key
from rollout_core.metrics.subject_key import subject_key
from rollout_core.rollouts.rollout import Epoch
from rollout_core.simulation.fresh_world import FreshRun, draw_fresh
from rollout_core.simulation.returning_world import Events, Units, arms_of, counted, draw_before, draw_events
from rollout_core.simulation.world_clock import Ramp
from rollout_core.simulation.worlds import World
from tests.fakes.lived_store import without
from tests.golden.made_world import PLAN, T0
from tests.golden.made_world import World as Store

KEY = b"k" * 32
"""The key of the golden world's in-memory store."""
HOUR = timedelta(hours=1)
BEFORE = -14 * 24
"""The first hour of the days that the covariate looks at."""
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
    """In an hour (negative: before the rollout): an exposure (`arm` given), a use, or a request of `who`."""

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
        self.store = Store(folder, without(text, "pause_conditions", "alerts"))
        self.metric = METRICS[world.kind]
        self._reached = 0
        self._freeze(baseline_of(world))

    def _freeze(self, baseline: float) -> None:
        with self.store.room.control.write() as unit:
            frozen = msgspec.json.encode(Frozen([], {self.metric: baseline})).decode()
            unit.meta.set(frozen_key("r", 1), frozen)

    def play_to(self, hours: int) -> tuple[Swept, Mapping[str, Mapping[str, Any]]]:
        """The sweep after so many whole hours, and the verdicts of guardrail and split as its decision record holds
        them."""
        self.store.clock.at = T0 + hours * HOUR + timedelta(minutes=3)
        for number, (earlier, step) in enumerate(pairwise(self.world.ramp), start=2):
            if self._reached <= step.hour < hours:
                cause = "advance" if step.percent >= earlier.percent else "set_percentage"
                self._enter(number, round(step.percent * 1000), T0 + step.hour * HOUR, cause)
        for each in self.happening:
            if (self._reached or BEFORE) <= each.hour < hours:
                self._write(each)
        self._reached = hours
        self.store.close()
        swept = sweep_one(self.store.room, "r")
        assert swept.failed == "", swept.failed
        assert swept.decision is not None
        with self.store.room.control.read() as unit:
            stored = unit.decisions.get(swept.decision).seen["verdicts"]
        return swept, {each["key"]: each for each in (*stored["guardrails"], stored["sample_ratio"])}

    def _enter(self, number: int, percentage: int, began_at: datetime, cause: str) -> None:
        thresholds = {"everyone": percentage}
        with self.store.room.control.write() as unit:
            unit.epochs.add(Epoch("r", number, began_at, "one", percentage, thresholds, thresholds,
                                  frozenset({"f1", "f2"}), cause, 1))
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
    rng = np.random.default_rng(seed)
    ramp, units, events = draw_events(world, rng)
    before = draw_before(world, rng, units) if world.covariate_days else None
    units = units._replace(bucket=np.array([cluster_of(f"u{number}") for number in range(len(units.place))]))
    run = counted(world, (ramp, units, events), before)

    def direct(hours: int) -> Evidence:
        found = run.evidence(hours - 1)
        metric = replace(found.metrics[0], metric=METRICS["returning"], baseline=baseline_of(world))
        return replace(found, metrics=(metric,))
    past = () if before is None else _requests_before(world, *before)
    return Played(folder, world, [*past, *_exposures(world, ramp, units), *_requests(events)]), direct


def _exposures(world: World, ramp: Ramp, units: Units) -> Iterator[Happening]:
    """Everybody who is there is seen at the beginning of every epoch, else when they come; in an audience that is taken
    whole or not at all too, with an inclusion that leaves nobody to compare with."""
    edges = [*(step.hour for step in world.ramp), world.hours]
    for epoch in range(len(world.ramp)):
        arm = arms_of(ramp, units.place, np.full(len(units.place), epoch), units.population)
        inclusion = np.rint(ramp.served[epoch, units.population] * WHOLE)
        for unit in np.flatnonzero(units.entry < edges[epoch + 1]):
            yield Happening(max(int(units.entry[unit]), edges[epoch]), f"u{unit}", ARMS[int(arm[unit])], epoch + 1,
                            int(inclusion[unit]))


def _requests_before(world: World, count: np.ndarray, bad: np.ndarray) -> Iterator[Happening]:
    """Each unit's requests of the days before, one an hour in turn, the bad ones first."""
    hours = world.covariate_days * 24
    for unit, (n, x) in enumerate(zip(count.tolist(), bad.tolist(), strict=True)):
        for turn in range(n):
            yield Happening(turn % hours - hours, f"u{unit}", bad=turn < x)


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
        seen_by_now = run.evidence(hours - 1)
        return replace(seen_by_now, metrics=(metric,))
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
