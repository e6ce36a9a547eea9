"""Sweeps on a whole store: harm is found and acted on, decisions can be replayed, nothing happens without evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollout_core.bootstrap.opening import open_room, plan_of
from rollout_core.bootstrap.preparing import set_up
from rollout_core.control import VERBS
from rollout_core.control.set_autopilot import SetAutopilot
from rollout_core.control.sweep import Sweep, Swept, sweep
from rollout_core.errors import NotPermitted
from rollout_core.insight import QUESTIONS
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import store_key
from rollout_core.settings import read_settings
from rollout_core.simulation.demo import MadeClock, build, first_midnight, load_scenarios
from rollout_core.simulation.rehearsal import Rehearse, rehearse, snapshot_for
from rollout_core.simulation.scenario import Effect, Release, Scenario, Step
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.rewound_store import open_rewound

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


def store(folder: Path, *effects: Effect) -> Iterator[Room]:
    """A room over a store that holds the scenario up to NOW."""
    room = open_room(read_settings({"ROLLOUT_STORE": str(folder)}))
    scenarios = [scenario(*effects)]
    began_at = first_midnight(scenarios, NOW)
    set_up(replace(room, room=replace(room.room, clock=MadeClock(began_at))))
    build(room.room, scenarios, NOW)
    yield replace(room.room, clock=MadeClock(NOW))
    room.close()


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Errors are nine times as frequent in treatment."""
    yield from store(tmp_path_factory.mktemp("harmed"), Effect("errors", 9.0, since=4.3, group="TypeError: x"))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Nothing differs between the arms."""
    yield from store(tmp_path_factory.mktemp("healthy"))


def set_mode(room: Room, mode: str) -> None:
    """The autopilot's mode, by an admin."""
    with room.control.read() as unit:
        revision = unit.rollouts.get(KEY).revision
    request = SetAutopilot(rollout=KEY, mode=mode, revision=revision, reason="for a test")
    VERBS["set_autopilot"].act(room, ADMIN, request)


def swept_at_next_minute(room: Room) -> Swept:
    """One sweep of the rollout; time goes on, since a decision is keyed by its instant."""
    assert isinstance(room.clock, MadeClock)
    room.clock.at += timedelta(minutes=1)
    return sweep(room, AUTOPILOT, Sweep(KEY)).swept[0]


def share(room: Room) -> int:
    with room.control.read() as unit:
        return unit.rollouts.get(KEY).percentage


def test_a_viewer_may_not_sweep(healthy: Room) -> None:
    with pytest.raises(NotPermitted):
        sweep(healthy, Actor("eve", Role.VIEWER, via="session"), Sweep())


def test_a_healthy_rollout_is_left_alone_even_when_the_autopilot_may_act(healthy: Room) -> None:
    set_mode(healthy, "act")
    before = share(healthy)
    swept = swept_at_next_minute(healthy)
    assert swept.failed == ""
    assert (swept.act, share(healthy)) == ("none", before)


def test_in_mode_advise_proven_harm_is_told_and_nothing_is_done(harmed: Room) -> None:
    before = share(harmed)
    swept = swept_at_next_minute(harmed)
    assert (swept.act, swept.done, share(harmed)) == ("halve", False, before)
    assert "errors" in swept.because


def test_in_mode_act_the_step_its_record_and_its_trail_come_together(harmed: Room) -> None:
    set_mode(harmed, "act")
    before = share(harmed)
    swept = swept_at_next_minute(harmed)
    assert (swept.act, swept.done) == ("halve", True)
    assert share(harmed) == before // 2
    with harmed.control.read() as unit:
        decision = unit.decisions.get(swept.decision or 0)
        trail = unit.audit.tail(KEY, limit=1)[0]
    assert decision.done
    assert decision.audit_seq == trail.seq
    assert (trail.entry.principal, trail.entry.verb) == ("autopilot", "roll_back")
    assert "errors is proven worse" in trail.entry.reason

    again = swept_at_next_minute(harmed)
    assert again.done is False, "a second step waits for the dwell time"
    assert share(harmed) == before // 2


def test_every_decision_replays_to_the_same_verdicts(harmed: Room) -> None:
    swept_at_next_minute(harmed)
    decisions = QUESTIONS["decisions"].answer(harmed, QUESTIONS["decisions"].request(rollout=KEY)).decisions
    assert decisions
    for decision in decisions:
        replay = QUESTIONS["replay"].answer(harmed, QUESTIONS["replay"].request(number=decision.number))
        assert replay.same
        assert replay.largest_difference <= 1e-9


def test_a_rehearsal_finds_the_harm_at_the_time_a_sweep_would_have(harmed: Room, tmp_path: Path) -> None:
    since = first_midnight([scenario()], NOW) + timedelta(days=4)
    copy = open_control_store(tmp_path / "control.sqlite", plan_of)
    events = open_rewound(snapshot_for(harmed, tmp_path), store_key(harmed.directory), since)
    before = share(harmed)
    found = rehearse(harmed, copy, events, Rehearse(KEY, since, NOW, timedelta(days=1)))
    events.close()
    acts = [each.act for each in found.decisions]
    assert "halve" in acts
    assert next(each for each in found.decisions if each.act == "halve").swept_at < NOW
    assert share(harmed) == before, "the live store is only read"
