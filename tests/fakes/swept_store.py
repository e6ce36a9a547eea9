"""A store that holds eight days of 2,000 people, half of them served from day 4 on: for sweeps and rehearsals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.preparing import set_up
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from rollout_core.simulation.demo import MadeClock, build, first_midnight, load_scenarios
from rollout_core.simulation.scenario import Effect, Release, Scenario, Step

NOW = datetime(2026, 3, 20, 18, tzinfo=UTC)
ADMIN = Actor("ada@example.org", Role.ADMIN, via="session")
KEY = "exercise_library"
REASON = {"reason": "for a test"}
STEPS = (
    Step(4.1, "waive_checklist", "ada@example.org", REASON), Step(4.2, "start", "ada@example.org", REASON),
    Step(4.3, "advance", "ada@example.org", {**REASON, "phase": "expanded_rollout"}),
)


def scenario(*effects: Effect) -> Scenario:
    """2,000 people who come often; half of them are served from day 4 on."""
    shipped = next(each for each in load_scenarios(Path("data/demo")) if each.plan == KEY)
    people = replace(shipped.population, size=2_000, newcomers_per_day=0, sleeping_share=0.0)
    rhythm = replace(shipped.rhythm, sessions_per_day=0.6, spread=0.4)
    return replace(shipped, days=8, population=people, rhythm=rhythm, effects=effects, steps=STEPS,
                   releases=(Release(0, "1.0.0"),))


def store(folder: Path, *effects: Effect) -> Iterator[ControlRoom]:
    """A control room over a store that holds the scenario up to NOW; its clock stands there."""
    room = open_room(read_settings({"ROLLOUT_STORE": str(folder)}))
    scenarios = [scenario(*effects)]
    began_at = first_midnight(scenarios, NOW)
    set_up(replace(room, room=replace(room.room, clock=MadeClock(began_at))))
    build(room.room, scenarios, NOW)
    yield replace(room, room=replace(room.room, clock=MadeClock(NOW)))
    room.close()
