"""Looking ahead: when criteria are decided, what the next phase can find, at what risk. Arithmetic by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.analysis.detectability import Compared
from rollout_core.analysis.evidence import Evidence, MetricEvidence
from rollout_core.analysis.forecast import Standing, chance_within
from rollout_core.analysis.policy import DifferenceGuardrail, Policy, TargetCriterion
from rollout_core.analysis.verdict import Need, Status, Verdict, Verdicts
from rollout_core.insight.deciding import all_met_of, decides_of
from rollout_core.insight.detecting import Traffic, detects_of
from rollout_core.insight.foresight import (
    active_an_hour,
    answer,
    change_words,
    compared_in,
    extra_harm,
    hours_left,
)
from rollout_core.insight.foresight_answer import Decides, Detects, ForesightRequest
from rollout_core.insight.judgement import Judgement
from rollout_core.insight.scene import Scene, scene
from rollout_core.rollouts.policies import Asked, Known
from tests.fakes.registers import plan_of
from tests.golden.made_world import T0, World
from tests.unit.rollouts.test_filling import census

SPLIT = Verdict("sample_ratio", "exposures", Status.WATCHING)
NEED = Need(1_000, 4_000, 20.0, 80.0)
OPEN = Verdict("errors", "error_rate", Status.NOT_YET, log_e_needed=3.0, n_treatment=1_000, acts=True, need=NEED,
               score=200.0, information=20_000.0, control_score=300.0, control_information=40_000.0)
TARGET = TargetCriterion("errors", "error_rate", 0.03, 0.01)


def here(world: World, **changes: object) -> Scene:
    """The golden rollout as it stands, with some of it otherwise."""
    found = scene(world.room, "r")
    return replace(found, rollout=replace(found.rollout, **changes))


def judged(*criteria: Verdict, guardrails: tuple[Verdict, ...] = (), inflow: float | None = 50.0,
           rules: tuple[DifferenceGuardrail, ...] = ()) -> Judgement:
    metric = MetricEvidence("error_rate", treatment_per_hour=inflow)
    policy = Policy(targets=(TARGET,), guardrails=rules)
    return Judgement("r", "one", Asked(policy, {}, {}), Evidence(1, metrics=(metric,)),
                     Verdicts(SPLIT, guardrails, criteria), T0)


def decided(world: World, *criteria: Verdict, left: float | None = 40.0, **more: object) -> tuple[Decides, ...]:
    return decides_of(judged(*criteria, **more), here(world).plan, left)


def test_an_open_criterion_says_when_it_is_decided_and_how_likely_it_is_proven_by_the_end(empty: World) -> None:
    # 1,000 subjects brought an information of 20,000; 50 an hour for 40 hours bring 2,000 more: another 40,000.
    (found,) = decided(empty, OPEN)
    expected = chance_within(Standing(200.0, 20_000.0, 0.01, 3.0, (300.0, 40_000.0)), 40_000.0)
    assert (found.name, found.hours_50, found.hours_90) == ("Errors below 3 %", 20.0, 80.0)
    assert found.by_the_end == pytest.approx(expected)
    assert found.words == ("decided after 20 h as often as not, after 3.3 days nine times in ten; "
                           f"proven by the phase's end with a chance of {expected:.0%}")


@pytest.mark.parametrize(("status", "chance", "words"), [
    (Status.PROVEN, 1.0, "proven"), (Status.NOT_MET, 0.0, "proven not to be met")])
def test_what_is_settled_is_settled(empty: World, status: Status, chance: float, words: str) -> None:
    (found,) = decided(empty, replace(OPEN, status=status, need=None))
    assert (found.by_the_end, found.words) == (chance, words)


def test_a_signature_is_not_forecast(empty: World) -> None:
    assert decided(empty, replace(OPEN, status=Status.MANUAL)) == ()


@pytest.mark.parametrize(("left", "inflow"), [(0.0, 50.0), (None, 50.0), (40.0, None), (40.0, 0.0)])
def test_without_an_end_or_without_traffic_no_chance_is_named(empty: World, left: float | None,
                                                              inflow: float | None) -> None:
    (found,) = decided(empty, OPEN, left=left, inflow=inflow)
    assert found.by_the_end is None
    assert "phase's end" not in found.words


def test_nothing_counted_is_nothing_said(empty: World) -> None:
    (found,) = decided(empty, replace(OPEN, status=Status.NO_DATA, need=None))
    assert (found.hours_50, found.by_the_end, found.words) == (None, None, "too little is known to say when")


@given(left=st.floats(0.5, 500), more=st.floats(1.0, 10.0), inflow=st.floats(1, 1_000))
def test_more_time_or_more_traffic_never_makes_a_proof_less_likely(left: float, more: float, inflow: float) -> None:
    def chance(hours: float, an_hour: float) -> float:
        (found,) = decides_of(replace(judged(OPEN, inflow=an_hour), phase=None), plan_of(), hours)
        assert found.by_the_end is not None
        return found.by_the_end
    assert chance(left * more, inflow) >= chance(left, inflow) - 2e-3
    assert chance(left, inflow * more) == pytest.approx(chance(left * more, inflow), abs=1e-9)


def test_all_are_met_as_likely_as_each_times_each_and_never_where_one_is_unknown() -> None:
    one, two, unknown = (Decides(key, key, None, None, chance, "") for key, chance in (
        ("a", 0.8), ("b", 0.5), ("c", None)))
    assert all_met_of((one, two)) == pytest.approx(0.4)
    assert all_met_of((one, unknown)) is None
    assert all_met_of(()) is None


def test_hours_left_end_with_the_longest_the_phase_may_last(empty: World) -> None:
    # "One" began at T0, lasts at least 7 days and names no longest time; the clock stands at day 14.
    assert hours_left(here(empty)) == 0.0
    empty.clock.at = T0 + timedelta(days=5)
    assert hours_left(here(empty)) == 48.0
    assert hours_left(here(empty, phase="two")) is None, "a phase without a length has no end"
    assert hours_left(here(empty, phase=None)) is None


def test_who_comes_an_hour_is_counted_once_a_day_over_whole_days(world: World) -> None:
    # 40 people every day, by their sessions and their page views alike: 40 / 24 an hour.
    assert active_an_hour(world.room, here(world)) == pytest.approx(40 / 24)


def test_nobody_seen_is_unknown_and_not_zero(empty: World) -> None:
    assert active_an_hour(empty.room, here(empty)) is None


COUNTED = census(internal=0, beta=0, fresh=0, idle=0, rest=1_000)


def test_a_phase_that_takes_everybody_compares_nobody(empty: World) -> None:
    plan = here(empty).plan
    assert compared_in(here(empty), plan.phase("two"), COUNTED) == ()
    half = compared_in(here(empty, phase=None, thresholds={}, ever={}), plan.phase("one"), COUNTED)
    assert half is not None
    assert sum(each.eligible for each in half) == 1_000
    assert [each.share for each in half] == pytest.approx([0.5], abs=0.002)
    assert compared_in(here(empty), plan.phase("one"), None) is None


def test_a_change_is_looked_at_by_the_thresholds_it_leads_to_and_not_filled_anew(empty: World) -> None:
    at = here(empty)
    last = at.plan.audiences[-1].key
    after = replace(at.rollout, percentage=30_000, thresholds={last: 30_000}, ever={})
    assert compared_in(at, at.plan.phase("one"), COUNTED, after) == (Compared(0.3, 1_000),)
    # Half of them had it: 30 % are in, 50 % were never, and the 20 % between are compared with nobody.
    assert compared_in(at, at.plan.phase("one"), COUNTED, replace(after, ever={last: 50_000})) == (
        Compared(0.375, 800),)


def test_a_paused_rollout_is_looked_at_from_where_it_was_paused(empty: World) -> None:
    # Served were 70 % of the only audience; filling the phase of 50 % anew would compare them at 50 %.
    plan = here(empty).plan
    last = plan.audiences[-1].key
    paused = here(empty, percentage=0, thresholds={last: 0}, remembered=70_000, remembered_thresholds={last: 70_000})
    assert compared_in(paused, plan.phase("one"), COUNTED) == (Compared(0.7, 1_000),)


def test_a_percentile_s_change_says_in_words_what_its_shares_are_of() -> None:
    slower = Detects("inp", "Interaction to next paint (p75), 10% slower", "inp_p75", 0.25, 0.2874, 5.0, 1, True, "")
    assert change_words(slower) == (
        "Interaction to next paint (p75), 10% slower (28.7% instead of 25.0% above the usual p75)")
    errors = Detects("errors", "Sessions with an error", "error_rate", 0.0076, 0.0176, 5.0, 1, True, "")
    assert change_words(errors) == "Sessions with an error (0.76% to 1.76%)"


def test_what_a_phase_can_find_is_reckoned_from_the_planning_constants(empty: World) -> None:
    # Errors 2 % → 3 %, half treated, one guardrail and one pause condition: c = 1.95 + (2.65 − 1.95)·ln 2/ln 4 = 2.30,
    # v = (.03·.97 + .02·.98)/.5 = .0974 each, 2.30·6.18256/.01²·.0974 = 13,850 eligible, 100 an hour: 138.5 hours.
    traffic = Traffic(0.5, 20_000, 100.0, 168.0, (Compared(0.5, 20_000),))
    found = {each.name: each for each in detects_of(here(empty).plan, Known(), traffic)}
    errors = found["Errors"]
    assert (errors.base, errors.risen, errors.possible) == (0.02, 0.03, True)
    assert errors.eligible_needed == pytest.approx(13_850, abs=2)
    assert errors.hours == pytest.approx(138.5, abs=0.1)
    short = detects_of(here(empty).plan, Known(), replace(traffic, hours=100.0))[0]
    assert (short.possible, short.hours) == (False, errors.hours)
    few = detects_of(here(empty).plan, Known(), replace(traffic, eligible=5_000, strata=(Compared(0.5, 5_000),)))[0]
    assert (few.possible, few.hours) == (False, None)
    unknown = detects_of(here(empty).plan, Known(), replace(traffic, eligible=None, strata=None))[0]
    assert (unknown.possible, unknown.hours) == (None, None)


def test_the_extra_harm_of_the_next_phase_is_what_harm_is_believed_times_who_comes(empty: World) -> None:
    # S = 0 at V = 8,888.9 and an MDE of 1 %: precision 8,888.9 + 1/.03² = 10,000, E[max(θ, 0)] = .01/√(2π) = .0039894.
    # 50 an hour at 50 %, so 100 at 100 %: for 168 hours 16,800 treated, 67.0 extra errors.
    rule = DifferenceGuardrail("errors", "error_rate", 0.01)
    verdict = Verdict("errors", "error_rate", Status.WATCHING, information=1e4 - 1 / 0.03**2)
    found = judged(guardrails=(verdict,), rules=(rule,))
    at = here(empty)
    traffic = Traffic(1.0, None, None, 168.0, None)
    assert extra_harm(at, found, traffic) == pytest.approx(67.02, abs=0.01)
    assert extra_harm(at, found, replace(traffic, hours=None)) is None
    assert extra_harm(at, None, traffic) is None
    silent = judged(guardrails=(replace(verdict, information=0.0),), rules=(rule,))
    assert extra_harm(at, silent, traffic) is None


def test_without_a_register_a_phase_is_not_called_judged(world: World) -> None:
    found = answer(world.room, ForesightRequest("r"))
    assert (found.phase, found.judged, found.eligible, found.compared) == ("two", None, None, None)
    assert found.words[0].endswith("not enough is known of register and traffic to say what it can find.")
    assert {each.key: each.by_the_end for each in found.decides} == {"errors": None, "adoption": None}, "it is over"
    world.clock.at = T0 + timedelta(days=15)
    world.change_rollout(phase_entered_at=T0 + timedelta(days=14))
    running = answer(world.room, ForesightRequest("r"))
    assert all(each.by_the_end is not None for each in running.decides)
    assert running.words[-1].startswith("Waiting instead proves every criterion of the present phase with a chance of")


def test_in_the_last_phase_there_is_nothing_further_to_look_at(world: World) -> None:
    world.change_rollout(phase="two", percentage=100_000, phase_entered_at=T0)
    found = answer(world.room, ForesightRequest("r"))
    assert (found.phase, found.judged, found.detects, found.extra_harm) == (None, None, (), None)
