"""The demo store: the scenarios' verbs at made times, then the events that their epochs bring about.

A function of seed and time: the same scenarios built until the same instant give the same events. Everything goes
through the product's own verbs, evaluation and write path, and is marked as simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from rollout_core.control import VERBS
from rollout_core.control.sweep import Sweep
from rollout_core.control.sync_register import sync_register
from rollout_core.documents.typed_document import load_typed
from rollout_core.metrics.event import Event
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.metrics.measured import Window
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Subject
from rollout_core.ports.event_store import Batch
from rollout_core.ports.room import Room
from rollout_core.simulation.population import People, attributes_at, draw_people, renewed
from rollout_core.simulation.scenario import Scenario, Step
from rollout_core.simulation.session_events import make_day
from rollout_core.simulation.stretches import Stretch, stretch_of

SWEEP = "sweep"
BATCH = 20_000
DAYS_A_BATCH = 7
SENDER = Sender(trusted=True, name="demo", historical=True)
Progress = Callable[[str, float], None]


@dataclass(slots=True)
class MadeClock:
    """A clock that the scenario moves."""

    at: datetime

    def now(self) -> datetime:
        """The scenario's present."""
        return self.at


@dataclass(frozen=True, slots=True)
class Cast:
    """A scenario with its people, from its first midnight on."""

    scenario: Scenario
    people: People
    began_at: datetime


def load_scenarios(directory: Path) -> tuple[Scenario, ...]:
    """Every scenario document of a directory, by file name. Raises InvalidDocument."""
    return tuple(load_typed(path, Scenario, "rollout-demo/1") for path in sorted(directory.glob("*.yaml")))


def cast_of(scenario: Scenario, began_at: datetime, until_at: datetime) -> Cast:
    """The scenario's people up to an instant."""
    days = max((until_at - began_at).days + 1, scenario.days)
    return Cast(scenario, draw_people(scenario, began_at, days), began_at)


def first_midnight(scenarios: Sequence[Scenario], until_at: datetime) -> datetime:
    """Day 0 of scenarios that shall end at `until_at`."""
    days = max(scenario.days for scenario in scenarios)
    return (until_at - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def build(room: Room, scenarios: Sequence[Scenario], until_at: datetime, progress: Progress | None = None) -> int:
    """Fills an empty room with the scenarios' history up to `until_at`; returns how many events were stored.

    Plans and rollouts must have been set up at the scenarios' first midnight; the room's own clock is not asked.
    """
    began_at = first_midnight(scenarios, until_at)
    clock = MadeClock(began_at)
    made = replace(room, clock=clock)
    tellers = [Teller(room, cast_of(scenario, began_at, until_at), began_at) for scenario in scenarios]
    for teller in tellers:
        enrol(made, teller.cast, began_at)
    told = partial(_say, progress, tellers, began_at, until_at)
    play(made, tellers, clock, until_at, told)
    tell(room, tellers, until_at, told)
    for teller in tellers:
        enrol(made, teller.cast, until_at, teller.enrolled_at)
    clock.at = until_at
    VERBS[SWEEP].act(made, AUTOPILOT, Sweep())
    with room.control.write() as unit:
        unit.meta.set("demo_began_at", began_at.isoformat())
        unit.meta.set("demo_fed_until_at", until_at.isoformat())
    return sum(teller.stored for teller in tellers)


def _say(progress: Progress | None, tellers: Sequence[Teller], began_at: datetime, until_at: datetime) -> None:
    """Tells how far the stories are, on average: the days made of the days there are."""
    if progress:
        whole = (until_at - began_at) / timedelta(days=1)
        made = sum((teller.told_until_at - began_at) / timedelta(days=1) for teller in tellers) / len(tellers)
        progress(f"{made:.0f} of {whole:.0f} days", made / whole)


class Teller:
    """Writes one cast's events as far as the story has come; remembers where it is and which arms it has computed."""

    def __init__(self, room: Room, cast: Cast, began_at: datetime) -> None:
        self.cast, self.stored, self.enrolled_at = cast, 0, began_at
        self._room, self._told_until_at = room, began_at
        self._stretches: dict[int, Stretch] = {}

    @property
    def told_until_at(self) -> datetime:
        """How far the story has come."""
        return self._told_until_at

    def tell(self, until_at: datetime, told: Callable[[], object] = lambda: None) -> None:
        """Writes what happened since last time, a week a batch, as received at the end of each; then calls `told`."""
        self._stretches |= stretches_by_epoch(self._room, self.cast, known=self._stretches)
        stretches = [self._stretches[number] for number in sorted(self._stretches)]
        while self._told_until_at < until_at:
            since_at = self._told_until_at
            first = (since_at - self.cast.began_at).days
            end_at = min(self.cast.began_at + timedelta(days=first + DAYS_A_BATCH), until_at)
            last = (end_at - timedelta(microseconds=1) - self.cast.began_at).days
            self.stored += write_days(self._room, self.cast, stretches, range(first, last + 1),
                                      Window(since_at, end_at))
            self._told_until_at = end_at
            told()


def tell(room: Room, tellers: Sequence[Teller], until_at: datetime, told: Callable[[], object] = lambda: None) -> None:
    """Brings every story up to an instant, and the rollups after it; calls `told` after each batch."""
    for teller in tellers:
        teller.tell(until_at, told)
    while room.events.close_windows(until_at).behind:
        pass


def play(room: Room, tellers: Sequence[Teller], clock: MadeClock, until_at: datetime,
         told: Callable[[], object]) -> None:
    """Presses the scenarios' verbs in the order of their times; before a sweep everything up to it is told.

    `told` is called after each batch of events.
    """
    steps = sorted(((teller.cast.began_at + timedelta(days=step.day), step, teller) for teller in tellers
                    for step in teller.cast.scenario.steps), key=lambda found: found[0])
    for at, step, teller in (each for each in steps if each[0] <= until_at):
        clock.at = at
        if step.verb == SWEEP:        # looks at every rollout, as the running app does, and freezes what was usual
            tell(room, tellers, at, told)
            VERBS[SWEEP].act(room, AUTOPILOT, Sweep())
            continue
        enrol(room, teller.cast, at, teller.enrolled_at)
        teller.enrolled_at = at
        press(room, teller.cast.scenario.plan, step)


def press(room: Room, rollout: str, step: Step) -> None:
    """One verb, by a person of the scenario, on the rollout as it is then."""
    verb = VERBS[step.verb]
    with room.control.read() as unit:
        revision = unit.rollouts.get(rollout).revision
    actor = Actor(principal=step.by, role=Role.ADMIN, via="setup", origin="demo")
    fields = {"rollout": rollout, "revision": revision, **step.fields}
    taken = {field.name for field in dataclass_fields(verb.request)}
    known = {name: value for name, value in fields.items() if name in taken}
    verb.act(room, actor, verb.request(**known))


def enrol(room: Room, cast: Cast, moment: datetime, since_at: datetime | None = None) -> None:
    """Puts everybody who has arrived by an instant (after `since_at`: who arrived or was heard of since) into the
    register as they are then, and into its mirror."""
    people, unit_name = cast.people, cast.scenario.population.unit
    day = (moment - cast.began_at) / timedelta(days=1)
    wanted = people.arrives_day <= day if since_at is None else renewed(people, since_at, moment)
    chosen = [Subject(unit_name, people.ids[place], attributes) for place, attributes in zip(
        np.flatnonzero(wanted).tolist(), attributes_at(people, moment, wanted), strict=True)]
    with room.control.write() as unit:
        unit.register.upsert_many(chosen)
    sync_register(room)


def stretches_of(room: Room, cast: Cast) -> list[Stretch]:
    """The arms of everybody in every epoch of the scenario's rollout, in order."""
    found = stretches_by_epoch(room, cast)
    return [found[number] for number in sorted(found)]


def stretches_by_epoch(room: Room, cast: Cast, known: Container[int] = ()) -> dict[int, Stretch]:
    """Epoch -> the arms of everybody in it, from the recorded epochs; without those that are `known`."""
    key = cast.scenario.plan
    served = room.live.current.rollouts[key]
    with room.control.read() as unit:
        epochs = unit.epochs.of(key)
    flag = served.flags[0].key
    return {epoch.number: stretch_of(
        replace(served, status="running", paused=False, stopped=False, phase=epoch.phase, epoch=epoch.number,
                epoch_began_at=epoch.began_at, thresholds=epoch.thresholds, ever=epoch.ever, served=epoch.served,
                anchors=epoch.anchors), cast.people, flag, epoch.began_at)
        for epoch in epochs if epoch.number not in known}


def write_days(room: Room, cast: Cast, stretches: Sequence[Stretch], days: range, window: Window) -> int:
    """Writes the events of some days that lie in the window; the same days and window twice add nothing."""
    events = [event for day in days for event in make_day(cast.scenario, cast.people, stretches, cast.began_at, day)]
    return write_events(room, cast, events, window, str(days.start))


def write_events(room: Room, cast: Cast, events: Sequence[Event], window: Window, name: str) -> int:
    """Writes those events that lie in the window; `name` and window name the batches, so that twice adds nothing."""
    inside = [event for event in events if window.since_at <= event.occurred_at < window.until_at]
    stored = 0
    for number, part in enumerate(batches(inside)):
        accepted = [judged for event in part
                    if isinstance(judged := accept(event, SENDER, event.occurred_at, Limits()), Accepted)]
        token = f"demo:{cast.scenario.plan}:{name}:{window.since_at.isoformat()}:{number}"
        batch = Batch(accepted, received_at=window.until_at, token=token, sender="demo", ordered=True)
        stored += room.events.write(batch).stored
    return stored


def batches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Slices of at most BATCH events."""
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


def feed(room: Room, scenarios: Sequence[Scenario], now: datetime) -> int:
    """Brings a demo store up to `now` with the rollouts as they are; returns how many events were stored."""
    with room.control.read() as unit:
        began, fed = unit.meta.get("demo_began_at"), unit.meta.get("demo_fed_until_at")
    if began is None or fed is None:
        return 0
    began_at, since_at = datetime.fromisoformat(began), datetime.fromisoformat(fed)
    stored = 0
    for scenario in scenarios:
        cast = cast_of(scenario, began_at, now)
        if now.date() != since_at.date():
            enrol(room, cast, now, since_at)
        stretches = stretches_of(room, cast)
        days = range((since_at - began_at).days, (now - began_at).days + 1)
        stored += write_days(room, cast, stretches, days, Window(since_at, now))
    with room.control.write() as unit:
        unit.meta.set("demo_fed_until_at", now.isoformat())
    return stored
