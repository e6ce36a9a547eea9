"""The simulated days: a function of seed and time, believable to the store, with the effects that are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rollout_core.errors import InvalidDocument
from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted, Limits, accept
from rollout_core.simulation.acted import harms
from rollout_core.simulation.demo import SENDER, load_scenarios
from rollout_core.simulation.population import attributes_at, draw_people, renewed
from rollout_core.simulation.scenario import Effect, Scenario
from rollout_core.simulation.session_events import make_day
from rollout_core.simulation.stretches import Stretch

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
SCENARIOS = {each.plan: each for each in load_scenarios(Path("data/demo"))}
EXERCISE = SCENARIOS["exercise_library"]


def small(scenario: Scenario, *effects: Effect) -> Scenario:
    population = replace(scenario.population, size=1_500)
    return replace(scenario, population=population, effects=effects,
                   rhythm=replace(scenario.rhythm, sessions_per_day=0.5, spread=0.3))


def halves(scenario: Scenario, since: float) -> list[Stretch]:
    """From `since` on every second subject is in treatment."""
    size = len(draw_people(scenario, BEGAN, 10).ids)
    arm = np.where(np.arange(size) % 2 == 0, "treatment", "control").astype(object)
    return [Stretch(BEGAN + timedelta(days=since), 1, "p", "FLAG", frozenset(scenario.behaviour.feature_use), arm,
                    np.full(size, 50_000))]


@pytest.mark.parametrize("plan", sorted(SCENARIOS))
def test_the_same_seed_and_day_give_the_same_events(plan: str) -> None:
    scenario = small(SCENARIOS[plan])
    days = [make_day(scenario, draw_people(scenario, BEGAN, 10), halves(scenario, 1.0), BEGAN, 3) for _ in range(2)]
    assert days[0] == days[1]


def test_later_newcomers_do_not_change_those_who_were_there() -> None:
    early, late = draw_people(EXERCISE, BEGAN, 5), draw_people(EXERCISE, BEGAN, 9)
    assert late.ids[: len(early.ids)] == early.ids
    assert late.attributes[: len(early.ids)] == early.attributes
    assert (late.rate[: len(early.ids)] == early.rate).all()


@pytest.mark.parametrize("plan", sorted(SCENARIOS))
def test_every_event_is_believable_and_no_two_have_one_id(plan: str) -> None:
    scenario = small(SCENARIOS[plan])
    people, stretches = draw_people(scenario, BEGAN, 10), halves(scenario, 2.5)
    events = [event for day in (2, 3) for event in make_day(scenario, people, stretches, BEGAN, day)]
    judged = [accept(event, SENDER, event.occurred_at, Limits()) for event in events]
    assert [each for each in judged if not isinstance(each, Accepted)] == []
    assert max(Counter(event.event_id for event in events).values()) == 1
    assert sorted(event.occurred_at for event in events) == [event.occurred_at for event in events]


def test_nobody_is_exposed_before_the_first_epoch_and_control_is_exposed_like_treatment() -> None:
    scenario = small(EXERCISE)
    people, stretches = draw_people(scenario, BEGAN, 10), halves(scenario, 3.0)
    before = make_day(scenario, people, stretches, BEGAN, 2)
    after = make_day(scenario, people, stretches, BEGAN, 4)
    assert not [event for event in before if event.kind is Kind.EXPOSURE]
    arms = Counter(event.arm for event in after if event.kind is Kind.EXPOSURE)
    assert arms["treatment"] == pytest.approx(arms["control"], rel=0.25)


def test_every_flag_that_is_served_is_told_of_and_the_first_one_in_every_session() -> None:
    scenario = small(EXERCISE)
    first = "ENHANCED_EXERCISE_LIBRARY"
    people, stretches = draw_people(scenario, BEGAN, 10), [replace(each, flag=first) for each in halves(scenario, 1.0)]
    told = Counter(event.flag for event in make_day(scenario, people, stretches, BEGAN, 3)
                   if event.kind is Kind.EXPOSURE)
    sessions = sum(event.kind is Kind.SESSION for event in make_day(scenario, people, stretches, BEGAN, 3))
    assert told.keys() == scenario.behaviour.feature_use.keys()
    assert told[first] == sessions
    assert all(told[flag] == pytest.approx(scenario.behaviour.told_again * sessions, rel=0.3)
               for flag in told.keys() - {first})


def test_writing_only_those_who_were_heard_of_leaves_the_register_as_writing_everybody_would() -> None:
    people = draw_people(small(EXERCISE), BEGAN, 60)
    moments = [BEGAN + timedelta(days=day) for day in (0, 0.4, 3.7, 3.9, 20.5, 41.0, 56.6)]
    register = {place: known for place, known in enumerate(attributes_at(people, moments[0]))
                if people.arrives_day[place] <= 0}
    for since_at, until_at in pairwise(moments):
        mask = renewed(people, since_at, until_at)
        register |= dict(zip(np.flatnonzero(mask).tolist(), attributes_at(people, until_at, mask), strict=True))
    whole = attributes_at(people, moments[-1])
    assert register == {place: known for place, known in enumerate(whole) if people.arrives_day[place] <= 56.6}


def test_nobody_awake_ever_looks_inactive() -> None:
    people = draw_people(small(EXERCISE), BEGAN, 5)
    for day in (0, 13, 14, 29.9, 56):
        moment = BEGAN + timedelta(days=day)
        idle = [(moment - datetime.fromisoformat(str(known["last_active_at"]))) / timedelta(days=1)
                for place, known in enumerate(attributes_at(people, moment))
                if not people.asleep[place] and people.arrives_day[place] == 0]
        assert max(idle) < 30


def test_an_effect_changes_treatment_only_and_only_while_it_lasts() -> None:
    scenario = small(EXERCISE, Effect("errors", 40.0, since=3.0, until=4.0, group="Broken: video", severity="high"))
    people, stretches = draw_people(scenario, BEGAN, 10), halves(scenario, 1.0)

    def broken(day: int) -> list[str]:
        return [event.units["user"] for event in make_day(scenario, people, stretches, BEGAN, day)
                if event.message == "Broken: video"]

    assert broken(2) == broken(4) == []
    treated = {people.ids[index] for index in range(0, len(people.ids), 2)}
    assert broken(3)
    assert set(broken(3)) <= treated


def test_a_mistake_in_a_scenario_names_its_file_and_line(tmp_path: Path) -> None:
    text = Path("data/demo/exercise_library.yaml").read_text(encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(text.replace("size: 14000", "size: many"), encoding="utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_scenarios(tmp_path)
    problem = caught.value.problems[0]
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "size: 14000" in each)
    assert (problem.where, problem.line) == ("population.size", line)


@pytest.mark.parametrize("plan", sorted(SCENARIOS))
def test_a_passing_harm_comes_within_a_day_of_an_advance_and_is_rolled_back_and_mended_before_the_rollout_resumes(
        plan: str) -> None:
    """Evidence begins anew with a phase: a harm in the middle of one is another story (docs/statistics.md)."""
    scenario = SCENARIOS[plan]
    days = {verb: [step.day for step in scenario.steps if step.verb == verb]
            for verb in ("advance", "sweep", "roll_back", "resume")}
    passing = [each for each in harms(scenario) if each.until < scenario.days]
    assert passing
    for harm in passing:
        assert any(0 <= harm.since - day <= 1 for day in days["advance"])
        [rolled_back], [resumed] = days["roll_back"], days["resume"]
        assert harm.since < max(day for day in days["sweep"] if day < rolled_back) < rolled_back < harm.until < resumed


def test_after_an_incident_somebody_looks_twice_so_that_its_alerts_are_over() -> None:
    """An alert is resolved by two looks that find it calm, a quarter of an hour apart; sweeps are of all rollouts."""
    steps = sorted((step for each in SCENARIOS.values() for step in each.steps), key=lambda step: step.day)
    looks = [step.day for step in steps if step.verb == "sweep"]
    resumes = [step.day for step in steps if step.verb == "resume"]
    assert len(resumes) == 2
    for resumed in resumes:
        after = [day for day in looks if resumed + 1 < day < 43.4704]     # with a day's data, before the next advance
        assert max(after) - min(after) > 15 / (24 * 60)
