"""Gates, pause conditions and alerts as the sequential verdicts have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.verdict import Need, Status, Verdict, Verdicts
from rollout_core.insight.bare_threshold import cost_of
from rollout_core.insight.gates import gates_of
from rollout_core.insight.judgement import Judgement
from rollout_core.insight.pause_check import PauseLine, pause_check
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.sightings import sightings
from rollout_core.insight.status import Share
from rollout_core.metrics.measured import Quality
from rollout_core.rollouts.gates import GateState
from rollout_core.rollouts.plan import Severity
from rollout_core.rollouts.policies import Asked
from tests.golden.made_world import T0, World, copied, template

SPLIT = Verdict("sample_ratio", "exposures", Status.WATCHING)
NEED = Need(1_234, 5_678, 30.0, 120.0)


@pytest.fixture
def world(filled: Path, tmp_path: Path) -> Iterator[World]:
    """Twenty people of each side; 40 of 400 requests in treatment failed in the last hour: 10 %."""
    with copied(filled, tmp_path) as own:
        yield own


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("filled"), fill)


def fill(made: World) -> None:
    """What `world` says."""
    for number in range(20):
        made.expose(f"t{number}", "treatment", 1)
        made.expose(f"c{number}", "control", 1)
    for number in range(400):
        made.add("api_request", 14 * 24 - 0.2, f"t{number % 20}", endpoint="/x", status=500 if number < 40 else 200,
                 value=1.0)
        made.add("api_request", 14 * 24 - 0.2, f"c{number % 20}", endpoint="/x", status=500 if number < 4 else 200,
                 value=1.0)
    made.close()


def judged(*, criteria: tuple[Verdict, ...] = (), guardrails: tuple[Verdict, ...] = (),
           watched: tuple[Verdict, ...] = (), phase: str = "one") -> Judgement:
    verdicts = Verdicts(SPLIT, guardrails, criteria, watched)
    return Judgement("r", phase, Asked(Policy(), {}, {}), Evidence(1), verdicts, T0)


def here(world: World) -> Scene:
    return scene(world.room, "r")


def gate(world: World, verdict: Verdict, phase: str = "one") -> Any:
    found = gates_of(world.room.events, here(world), found=judged(criteria=(verdict,), phase=phase))
    return next(each for each in found.gates if each.key == "errors")


def verdict(status: Status, key: str = "errors", **fields: Any) -> Verdict:
    return replace(Verdict(key, "error_rate", status, acts=True), **fields)


@pytest.mark.parametrize(("status", "state"), [
    (Status.PROVEN, GateState.MET), (Status.NOT_MET, GateState.NOT_MET), (Status.NOT_YET, GateState.NOT_YET),
    (Status.NO_DATA, GateState.NOT_YET)])
def test_a_criterion_stands_as_its_verdict_says(world: World, status: Status, state: GateState) -> None:
    found = gate(world, verdict(status))
    assert (found.state, found.judge) == (state, "evidence")
    assert found.measured.value == 0.1, "what is measured is shown all the same"


def test_a_proof_that_may_only_advise_opens_no_gate(world: World) -> None:
    assert gate(world, verdict(Status.PROVEN, acts=False)).state is GateState.NOT_YET


def test_a_gate_says_how_much_more_is_needed(world: World) -> None:
    assert gate(world, verdict(Status.NOT_YET, need=NEED)).words.endswith(
        "about 1,200 more requests would settle it, likely in 30 h, nearly surely in 5 days")


def test_of_too_few_neither_a_number_nor_a_forecast_is_said(world: World) -> None:
    """20 people in treatment, and adoption wants 30."""
    early = Verdict("adoption", "adoption_rate", Status.NOT_YET, acts=True, need=NEED)
    found = gates_of(world.room.events, here(world), found=judged(criteria=(early,)))
    (adoption,) = [each for each in found.gates if each.key == "adoption"]
    assert (adoption.measured.n, adoption.measured.quality) == (20, Quality.FEW)
    assert adoption.words == "too few to say anything yet; at least 10 more people are needed"
    assert (adoption.missing, adoption.decides_at, adoption.surely_at) == ("", None, None)
    (waiting,) = [each for each in found.brief.waiting if each.name == adoption.name]
    assert waiting.at is None


def test_what_is_waited_for_comes_with_a_date_where_there_is_a_forecast(world: World) -> None:
    at = here(world)
    proofs = judged(criteria=(verdict(Status.NOT_YET, need=NEED),))
    waiting = gates_of(world.room.events, at, found=proofs).brief.waiting
    (open_one,) = [each for each in waiting if each.name == gate(world, verdict(Status.NOT_YET)).name]
    assert (open_one.at, open_one.sure) == (at.now + timedelta(hours=30), False)
    said = gate(world, verdict(Status.NOT_YET, need=NEED))
    assert (said.missing, said.surely_at) == ("about 1,200 more requests", at.now + timedelta(hours=120))
    far = replace(NEED, hours_50=24.0 * 366)
    assert gate(world, verdict(Status.NOT_YET, need=far)).decides_at is None, "a year ahead is no date"
    assert gate(world, verdict(Status.PROVEN)).decides_at is None


def test_the_verdict_of_another_phase_proves_nothing_here(world: World) -> None:
    assert gate(world, verdict(Status.PROVEN), phase="two").judge == "interval"


def line(world: World, *found: Verdict, **changes: Any) -> PauseLine:
    at = here(world)
    conditions = tuple(replace(each, **changes) for each in at.plan.pause_conditions)
    at = replace(at, plan=replace(at.plan, pause_conditions=conditions, guardrails=()))
    return pause_check(world.room.events, at, judged(guardrails=found)).conditions[0]


def test_a_condition_fires_when_it_is_proven_and_is_watched_before(world: World) -> None:
    proven, open_ = line(world, verdict(Status.WORSE)), line(world, verdict(Status.WATCHING))
    assert (proven.fires, proven.watching) == (True, False)
    assert (open_.fires, open_.watching) == (False, True), "10 % is over 5 %, and that is no proof"


def test_what_control_breaks_too_is_not_caused_by_the_rollout(world: World) -> None:
    both = verdict(Status.WORSE, control_breaks_too=True)
    assert line(world, both).fires is False
    compared = verdict(Status.WORSE, key="guard", scale="difference")
    assert line(world, both, compared).fires is True, "a guardrail proves treatment worse on the same metric"


def test_unequal_arms_advise_and_nothing_judged_is_not_fine(world: World) -> None:
    assert line(world, verdict(Status.WORSE, acts=False, reason="share_too_skewed")).fires is False
    assert line(world, verdict(Status.NO_DATA)).fires is None
    assert line(world).fires is None


def test_any_percentile_of_a_degradation_fires_it(world: World) -> None:
    parts = (verdict(Status.SAFE, key="errors:lcp_p75"), verdict(Status.WORSE, key="errors:inp_p75"))
    slower = {"metric": "performance_degradation", "threshold": 0.3}
    assert line(world, *parts, **slower).fires is True
    unjudged = verdict(Status.NO_DATA, key="errors:inp_p75")
    assert line(world, parts[0], unjudged, **slower).fires is False
    assert line(world, parts[0], verdict(Status.WORSE), **slower).fires is False, "a guardrail of the same key"


def test_a_bare_threshold_fires_and_says_what_it_costs(world: World) -> None:
    found = line(world, verdict(Status.WATCHING), decide="threshold")
    assert found.fires is True
    assert "a healthy rollout (1% of" in found.words        # control's rate: 4 of 400
    assert "would be paused by accident in" in found.words
    assert found.cost
    assert found.cost in found.words
    assert line(world, verdict(Status.WATCHING)).cost == "", "proof has its error rate already"


def test_the_cost_is_that_of_the_usual_rate_at_this_traffic(world: World) -> None:
    at = here(world)
    found = cost_of(world.room.events, at, at.plan.pause_conditions[0])
    assert found is not None
    rate, usual, an_hour = found
    assert (usual, an_hour) == (0.01, 2)                    # 400 requests in 168 hours
    # Two an hour at 1 %: one failure is 50 %. 1 − .99² = 1.99 % of hours, 1 − .9801^168 = 96.6 % of weeks.
    assert rate == pytest.approx(1 - 0.9801**168, rel=1e-9)


def seen(world: World, *watched: Verdict, guardrails: tuple[Verdict, ...] = ()) -> Any:
    found = judged(watched=watched, guardrails=guardrails)
    return sightings(world.room.events, here(world), Share(50.0, 50_000, None, None, None), found)[0]


def test_an_alert_over_its_limit_warns_until_it_is_proven(world: World) -> None:
    early = seen(world, verdict(Status.WATCHING, key="alert:error_rate"))
    assert (early.fires, early.proven, early.level) == (True, False, Severity.WARNING)
    assert early.evidence.endswith("not proven yet")
    late = seen(world, verdict(Status.WORSE, key="alert:error_rate"))
    assert (late.proven, late.level) == (True, Severity.CRITICAL)


def test_the_pause_condition_with_the_same_limit_proves_an_alert_too(world: World) -> None:
    assert seen(world, guardrails=(verdict(Status.WORSE, key="errors:limit"),)).proven is True
