"""A scenario lived through with the autopilot in mode "act": what it does changes who is served, and so what happens.

People press the scenario's verbs at their times as before; what the autopilot has done already is refused or changes
nothing, and the story goes on. Events are made stretch by stretch from the epochs that there really were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.control import VERBS
from rollout_core.control.set_autopilot import SetAutopilot
from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.errors import RolloutError
from rollout_core.metrics.event import Event
from rollout_core.metrics.measured import Window
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import REDUCTIONS, Act
from rollout_core.simulation.demo import SWEEP, Cast, MadeClock, cast_of, enrol, press, stretches_of, write_events
from rollout_core.simulation.scenario import Effect, Scenario
from rollout_core.simulation.session_events import make_day

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOON = (timedelta(hours=12), timedelta(hours=24))
"""After a verb people are served otherwise, and evidence begins anew."""
SETTER = Actor("autopilot-trial", Role.ADMIN, via="setup", origin="demo")
LOWERED = (*REDUCTIONS, Act.STEP_BACK, Act.HOLD)
"""Acts that took something away: what "paused" counts."""

GOOD_WHEN_SMALLER = ("errors", "failures", "api", "render", "tickets", "vital.LCP", "vital.INP", "vital.CLS")


@dataclass(frozen=True, slots=True)
class Acted:
    """`done`: every step the autopilot took, with the day of the scenario; `refused`: steps of people that were
    refused; `sweeps`: how often it looked; `failed`: sweeps that could not judge."""

    plan: str
    sweeps: int
    done: tuple[tuple[float, Swept], ...]
    refused: tuple[tuple[float, str], ...] = ()
    failed: int = 0

    @property
    def lowered(self) -> tuple[tuple[float, Swept], ...]:
        """The steps that reduced or held."""
        return tuple((day, each) for day, each in self.done if each.act in LOWERED)


def harms(scenario: Scenario) -> tuple[Effect, ...]:
    """The effects of a scenario that make something worse in treatment alone."""
    return tuple(each for each in scenario.effects if not each.both_arms
                 and (each.factor > 1.0 if each.what in GOOD_WHEN_SMALLER else each.factor < 1.0))


def harmless(scenario: Scenario, seed: int, people: int | None = None) -> Scenario:
    """The same story with nothing different in treatment, and nobody rolling back; other people by another seed."""
    population = scenario.population if people is None else replace(
        scenario.population, size=people,
        newcomers_per_day=scenario.population.newcomers_per_day * people / scenario.population.size)
    kept = tuple(step for step in scenario.steps if step.verb not in ("roll_back", "resume", "set_percentage", "pause"))
    return replace(scenario, seed=seed, effects=(), steps=kept, population=population)


def act_out(room: Room, scenario: Scenario, began_at: datetime, every: timedelta, *, days: float | None = None,
            told: Callable[[float, Swept], None] | None = None) -> Acted:
    """Lives through the scenario in an empty room whose rollouts were set up at `began_at`; sweeps every `every` from
    its first verb on, half a day and a day after each verb, and often where a harm comes and goes. `told` hears of
    every step the autopilot takes."""
    until_at = began_at + DAY * (days or scenario.days)
    cast, clock = cast_of(scenario, began_at, until_at), MadeClock(began_at)
    made = replace(room, clock=clock)
    enrol(made, cast, began_at)
    _let_act(made, scenario.plan)
    steps = {began_at + DAY * step.day: step for step in scenario.steps if step.verb != SWEEP}
    maker, done, refused, sweeps, failed = _Maker(made, cast, began_at), [], list[tuple[float, str]](), 0, 0
    looks = _looks(scenario, (min(steps), until_at), began_at, every)
    for moment in sorted({*steps, *looks}):
        maker.up_to(moment)
        clock.at = moment
        if moment in steps:
            try:
                enrol(made, cast, moment)
                press(made, scenario.plan, steps[moment])
            except RolloutError as error:
                refused.append((_day(began_at, moment), f"{steps[moment].verb}: {error}"))
            maker.epochs_changed()
            continue
        while made.events.close_windows(moment).behind:
            pass
        swept = sweep_one(made, scenario.plan)
        sweeps, failed = sweeps + 1, failed + bool(swept.failed)
        if swept.done:
            done.append((_day(began_at, moment), swept))
            maker.epochs_changed()
            if told is not None:
                told(*done[-1])
    return Acted(scenario.plan, sweeps, tuple(done), tuple(refused), failed)


def _let_act(room: Room, key: str) -> None:
    with room.control.read() as unit:
        revision = unit.rollouts.get(key).revision
    VERBS["set_autopilot"].act(room, SETTER, SetAutopilot(
        rollout=key, mode="act", revision=revision, reason="A trial of mode act (simulated)"))


def _looks(scenario: Scenario, period: tuple[datetime, datetime], began_at: datetime,
           every: timedelta) -> Iterator[datetime]:
    """Every `every`, soon after each verb, every hour on the first day of a harm that ends, and every three hours
    until a day after it ended."""
    moment, last = period
    soon = [began_at + DAY * step.day + wait for step in scenario.steps if step.verb != SWEEP for wait in SOON]
    passing = [(began_at + DAY * each.since, began_at + DAY * (each.until + 1.0)) for each in harms(scenario)
               if each.until < scenario.days]
    near = [low + HOUR * hours for low, high in passing
            for hours in range(1, (high - low) // HOUR) if hours <= 24 or hours % 3 == 0]
    coarse = [moment + every * number for number in range((last - moment) // every + 1)]
    for each in (*soon, *near, *coarse):
        if moment <= each <= last:
            yield each + timedelta(seconds=1)         # never at the very instant of a verb


def _day(began_at: datetime, moment: datetime) -> float:
    return round((moment - began_at) / DAY, 3)


class _Maker:
    """Writes what happens between two instants, day by day, under the arms of the epochs so far."""

    def __init__(self, room: Room, cast: Cast, began_at: datetime) -> None:
        self.room, self.cast, self.began_at, self.reached_at = room, cast, began_at, began_at
        self._stretches = stretches_of(room, cast)
        self._made: dict[int, Sequence[Event]] = {}

    def epochs_changed(self) -> None:
        """Forgets the arms: from now on people are served otherwise."""
        self._stretches = stretches_of(self.room, self.cast)
        self._made.clear()

    def up_to(self, moment: datetime) -> None:
        """Writes the events in [reached, moment)."""
        first, last = ((at - self.began_at) // DAY for at in (self.reached_at, moment))
        events: list[Event] = []
        for day in range(first, last + 1):
            if day not in self._made:
                self._made = {day: list(make_day(self.cast.scenario, self.cast.people, self._stretches, self.began_at,
                                                 day))}
            events += self._made[day]
        window = Window(self.reached_at, moment)
        write_events(self.room, self.cast, events, window, f"{first}:act")
        self.reached_at = moment
