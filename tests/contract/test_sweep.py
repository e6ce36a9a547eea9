"""Sweeps on a whole store: harm is found and acted on, decisions can be replayed, nothing happens without evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from rollout_core.bootstrap.opening import plan_of
from rollout_core.control import VERBS
from rollout_core.control.set_autopilot import SetAutopilot
from rollout_core.control.sweep import Sweep, Swept, sweep
from rollout_core.errors import NotPermitted
from rollout_core.insight import QUESTIONS
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import store_key
from rollout_core.simulation.demo import MadeClock, first_midnight
from rollout_core.simulation.rehearsal import Rehearse, rehearse, snapshot_for
from rollout_core.simulation.scenario import Effect
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.rewound_store import open_rewound
from tests.fakes.swept_store import ADMIN, KEY, NOW, scenario, store


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Errors are nine times as frequent in treatment."""
    for opened in store(tmp_path_factory.mktemp("harmed"), Effect("errors", 9.0, since=4.3, group="TypeError: x")):
        yield opened.room


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Nothing differs between the arms."""
    for opened in store(tmp_path_factory.mktemp("healthy")):
        yield opened.room


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
    assert "Sessions with an error: proven worse" in trail.entry.reason

    again = swept_at_next_minute(harmed)
    assert again.done is False, "a second step waits for the dwell time"
    assert share(harmed) == before // 2


def test_after_a_person_resumed_evidence_begins_anew_and_the_guard_goes_on(harmed: Room) -> None:
    before = share(harmed)
    with harmed.control.read() as unit:
        revision = unit.rollouts.get(KEY).revision
    VERBS["resume"].act(harmed, ADMIN, VERBS["resume"].request(rollout=KEY, revision=revision, reason="mended"))
    assert isinstance(harmed.clock, MadeClock)
    harmed.clock.at += timedelta(hours=3)                               # longer than the dwell time
    swept = swept_at_next_minute(harmed)
    assert share(harmed) == before, "what was before the resume takes nobody's feature away"
    assert swept.words != "Nothing is counted yet."
    verdicts = QUESTIONS["verdicts"].answer(harmed, QUESTIONS["verdicts"].request(rollout=KEY))
    assert verdicts.guardrails, "judged from the first minute on, whatever little came"


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


def test_a_decision_judged_by_another_edition_says_so_when_it_is_replayed(harmed: Room) -> None:
    swept_at_next_minute(harmed)
    with harmed.control.read() as unit:
        last = unit.decisions.tail(KEY, limit=1)[0]
    assert "verdicts" in last.seen
    verdicts = dict(cast("dict[str, Any]", last.seen["verdicts"]))
    verdicts["guardrails"] = [{**each, "log_e": each["log_e"] + (2.0 if each["key"] == "errors" else 0.0)}
                              for each in verdicts["guardrails"]]
    seen = {**last.seen, "verdicts": verdicts, "edition": 99}
    with harmed.control.write() as unit:
        number = unit.decisions.append(replace(last, seen=seen, swept_at=last.swept_at + timedelta(seconds=1)))
    found = QUESTIONS["replay"].answer(harmed, QUESTIONS["replay"].request(number=number))
    assert not found.same
    assert found.largest_difference == pytest.approx(2.0, abs=1e-9)
    assert [each.key for each in found.differences] == ["errors"]
    assert "Judged under edition 99 of the analysis, replayed with edition" in found.words
