"""A ramp with a risk budget lived through real stores: people come, sweeps in mode act press its steps, and what they
press decides who is served next.

Twenty newcomers an hour make one request each; control fails in a fifth of them. With a margin of 20 points (errors may
double) the ramp needs little to know, so that a life takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rollout_core.rollouts.status import Status
from tests.fakes.lived_store import RATE, Life, without
from tests.golden.made_world import PLAN

LADDER = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 95.0]
RAMP = without(PLAN, "pause_conditions", "alerts").replace("percentage: 50\n", "percentage: 95\n").replace(
    "margin: 0.5 %, mde: 1 %", "margin: 20 %, mde: 20 %") + """
health: {error_target: 20 %, error_limit: 50 %}
autopilot: {mode: act, risk_budget_errors: BUDGET}
rollbacks:
  - {kind: gradual, trigger: More errors, action: Halve, due: 2 h, reduce_by: 0.5}
"""


def life(folder: Path, errors: Callable[[float], float], budget: float = 200.0) -> Life:
    """A rollout at the first rung of its ramp."""
    return Life(folder, RAMP.replace("BUDGET", f"{budget:g}"), 1_000, errors)


def test_without_harm_the_ramp_goes_up_its_ladder_rung_by_rung(tmp_path: Path) -> None:
    lived = life(tmp_path, lambda _: RATE)
    steps = [each.act for each in lived.live(96) if each.done]
    assert lived.shares == LADDER
    assert steps == ["step_up"] * 6
    with lived.store.room.control.read() as unit:
        trail = unit.audit.tail("r", limit=20)
    assert {each.entry.principal for each in trail if each.entry.verb == "set_percentage"} == {"autopilot"}


def test_harm_that_arises_on_the_way_up_goes_down_and_the_ramp_never_climbs_again_by_itself(tmp_path: Path) -> None:
    # From hour 50 (a quarter is served since hour 48) to 75 nine in ten fail instead of one in five.
    lived = life(tmp_path, lambda hour: 0.9 if 50 <= hour < 75 else RATE)
    up, down = lived.live(48), lived.live(72)
    assert [each.act for each in up] == ["step_up"] * 4
    assert (down[0].act, down[0].because, down[0].to) == ("halve", ("errors",), 12.5)
    assert "proven worse" in down[0].words
    assert lived.rollout.status is Status.HELD
    reached = lived.shares[len(up):]
    assert reached == sorted(reached, reverse=True)
    assert all(each.act in ("halve", "none") for each in down), "the harm is over, but a person has to resume"


def test_a_budget_about_to_be_overrun_goes_back_to_the_first_rung_and_asks(tmp_path: Path) -> None:
    # Three in ten fail: less than the margin allows, too much to be told from it soon, and every hour may cost errors.
    lived = life(tmp_path, lambda _: 0.3, budget=30.0)
    swept = lived.live(108)
    assert lived.shares == [1.0, 2.0, 5.0, 10.0, 25.0, 1.0]
    back = next(each for each in swept if each.act == "step_back")
    assert back.because == ("risk_budget",)
    assert "30 may be risked" in back.words
    assert lived.rollout.status is Status.HELD, "it asks a person: held until one resumes"
    assert [each.act for each in swept[swept.index(back) + 1:]] == ["none"] * (len(swept) - swept.index(back) - 1)
