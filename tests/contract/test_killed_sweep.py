"""kill -9 in the middle of a ladder step: afterwards there is one state, and the step is taken once, not twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rollout_core.control import VERBS
from rollout_core.control.set_autopilot import SetAutopilot
from rollout_core.control.sweep import Sweep, sweep
from rollout_core.people.actor import AUTOPILOT
from rollout_core.ports.room import Room
from rollout_core.simulation.scenario import Effect
from tests.fakes.killed_sweep import POINTS, room_of
from tests.fakes.running_app import ROOT
from tests.fakes.swept_store import ADMIN, KEY, store

SIGKILLED = -9


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store in which errors are nine times as frequent in treatment and the autopilot acts."""
    folder = tmp_path_factory.mktemp("harmed") / "store"
    for opened in store(folder, Effect("errors", 9.0, since=4.3, group="TypeError: x")):
        with opened.room.control.read() as unit:
            revision = unit.rollouts.get(KEY).revision
        VERBS["set_autopilot"].act(opened.room, ADMIN, SetAutopilot(
            rollout=KEY, mode="act", revision=revision, reason="for a test"))
    return folder


def facts(room: Room) -> tuple[int, int, int, int]:
    """(share served, steps in decision records, rollbacks in the trail, epochs)."""
    with room.control.read() as unit:
        done = [each for each in unit.decisions.tail(KEY, limit=100) if each.done]
        rolled = [each for each in unit.audit.tail(KEY, limit=100) if each.entry.verb == "roll_back"]
        assert [each.audit_seq for each in done] == [each.seq for each in rolled], "a step and its entry come together"
        assert unit.audit.verify().whole, "the trail has no gap"
        return unit.rollouts.get(KEY).percentage, len(done), len(rolled), len(unit.epochs.of(KEY))


@pytest.mark.parametrize("point", POINTS)
def test_a_step_that_was_killed_is_taken_wholly_or_not_at_all_and_never_twice(
        point: str, harmed: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(harmed, tmp_path / "store")
    ran = subprocess.run([sys.executable, "-m", "tests.fakes.killed_sweep", str(copy), point], cwd=ROOT, check=False,
                         capture_output=True, text=True, timeout=300)
    assert ran.returncode == SIGKILLED, ran.stderr

    room, close = room_of(str(copy))
    after_the_crash = facts(room)
    swept = sweep(room, AUTOPILOT, Sweep(KEY)).swept[0]
    at_last = facts(room)
    close()
    before, halved = (50_000, 0, 0, 2), (25_000, 1, 1, 3)
    assert after_the_crash == (halved if point == "commit" else before)
    assert at_last == halved
    assert swept.done is (point != "commit"), "what was done is not done again"
