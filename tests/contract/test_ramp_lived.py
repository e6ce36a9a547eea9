"""A ramp with a risk budget lived through real stores: people come, sweeps in mode act press its steps, and what they
press decides who is served next.

Twenty newcomers an hour make one request each; control fails in a fifth of them. With a margin of 20 points (errors may
double) the ramp needs little to know, so that a life takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec

from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.flags.evaluation import compile_rollout, evaluate
from rollout_core.insight.known import Frozen, frozen_key
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.serving import serve
from rollout_core.rollouts.status import Status
from tests.golden.made_world import PLAN, T0, World

RATE, AN_HOUR, EVERY = 0.2, 20, 12
LADDER = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 95.0]
RAMP = PLAN.replace("percentage: 50\n", "percentage: 95\n").replace(
    "margin: 0.5 %, mde: 1 %", "margin: 20 %, mde: 20 %") + """
health: {error_target: 20 %, error_limit: 50 %}
autopilot: {mode: act, risk_budget_errors: BUDGET}
rollbacks:
  - {kind: gradual, trigger: More errors, action: Halve, due: 2 h, reduce_by: 0.5}
"""


class Life:
    """A rollout at the first rung of its ramp; `live` lets hours pass and sweeps every twelve of them."""

    def __init__(self, folder: Path, errors: Callable[[float], float], budget: float = 200.0) -> None:
        """`errors`: treatment's error rate at an hour."""
        text = _without(RAMP.replace("BUDGET", f"{budget:g}"), "pause_conditions", "alerts")
        self.store, self.errors, self.random = World(folder, text, share=1_000), errors, Random(5)
        self.hours, self.people = 0, 0
        self.shares: list[float] = [1.0]
        with self.store.room.control.write() as unit:
            frozen = msgspec.json.encode(Frozen([], {"error_rate": RATE})).decode()
            unit.meta.set(frozen_key("r", 1), frozen)
        self.store.change_rollout(autopilot="act")

    @property
    def rollout(self) -> Rollout:
        """As it stands."""
        with self.store.room.control.read() as unit:
            return unit.rollouts.get("r")

    def live(self, hours: int) -> list[Swept]:
        """What the sweeps came to."""
        found = []
        for _ in range(hours // EVERY):
            for hour in range(self.hours, self.hours + EVERY):
                self._an_hour(hour)
            self.hours += EVERY
            self.store.clock.at = T0 + timedelta(hours=self.hours, minutes=5)
            self.store.close()
            swept = sweep_one(self.store.room, "r")
            assert swept.failed == "", swept.failed
            found.append(swept)
            if swept.done:
                sync_epochs(self.store.room)
                self.shares.append(self.rollout.percentage / 1_000)
        return found

    def _an_hour(self, hour: int) -> None:
        """Newcomers see what is served, and fail as their side does."""
        rollout, self.store.clock.at = self.rollout, self.store.at(hour + 1)
        with self.store.room.control.read() as unit:
            served = compile_rollout(serve(unit.plans.get("p", 1), rollout))
        for _ in range(AN_HOUR):
            who, self.people = f"n{self.people}", self.people + 1
            decision = evaluate(served, "f1", who, {}, self.store.at(hour))
            self.store.expose(who, decision.arm.value, hour + 0.3, epoch=rollout.epoch, inclusion=decision.inclusion)
            rate = self.errors(hour) if decision.arm.value == "treatment" else RATE
            status = 500 if self.random.random() < rate else 200
            self.store.add("api_request", hour + 0.6, who, endpoint="/x", status=status, value=1.0)


def test_without_harm_the_ramp_goes_up_its_ladder_rung_by_rung(tmp_path: Path) -> None:
    life = Life(tmp_path, lambda _: RATE)
    steps = [each.act for each in life.live(96) if each.done]
    assert life.shares == LADDER
    assert steps == ["step_up"] * 6
    with life.store.room.control.read() as unit:
        trail = unit.audit.tail("r", limit=20)
    assert {each.entry.principal for each in trail if each.entry.verb == "set_percentage"} == {"autopilot"}


def test_harm_that_arises_on_the_way_up_goes_down_and_the_ramp_never_climbs_again_by_itself(tmp_path: Path) -> None:
    # From hour 50 (a quarter is served since hour 48) to 75 nine in ten fail instead of one in five.
    life = Life(tmp_path, lambda hour: 0.9 if 50 <= hour < 75 else RATE)
    up, down = life.live(48), life.live(72)
    assert [each.act for each in up] == ["step_up"] * 4
    assert (down[0].act, down[0].because, down[0].to) == ("halve", ("errors",), 12.5)
    assert "proven worse" in down[0].words
    assert life.rollout.status is Status.HELD
    reached = life.shares[len(up):]
    assert reached == sorted(reached, reverse=True)
    assert all(each.act in ("halve", "none") for each in down), "the harm is over, but a person has to resume"


def test_a_budget_about_to_be_overrun_goes_back_to_the_first_rung_and_asks(tmp_path: Path) -> None:
    # Three in ten fail: less than the margin allows, too much to be told from it soon, and every hour may cost errors.
    life = Life(tmp_path, lambda _: 0.3, budget=30.0)
    swept = life.live(108)
    assert life.shares == [1.0, 2.0, 5.0, 10.0, 25.0, 1.0]
    back = next(each for each in swept if each.act == "step_back")
    assert back.because == ("risk_budget",)
    assert "30 may be risked" in back.words
    assert life.rollout.status is Status.HELD, "it asks a person: held until one resumes"
    assert [each.act for each in swept[swept.index(back) + 1:]] == ["none"] * (len(swept) - swept.index(back) - 1)


def _without(text: str, *keys: str) -> str:
    """The plan without some of its lists."""
    lines, kept, inside = text.splitlines(), [], False
    for line in lines:
        inside = line.startswith(tuple(f"{key}:" for key in keys)) or (inside and line.startswith(" "))
        if not inside:
            kept.append(line)
    return "\n".join(kept)
