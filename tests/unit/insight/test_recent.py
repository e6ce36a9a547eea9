"""Alerts, pause conditions and the score of one look see the same number; the next look measures anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_core.health.score import Deduction
from rollout_core.insight.glance import glance
from rollout_core.insight.recent import over_phase, recent
from rollout_core.insight.scene import Scene, scene
from tests.golden.made_world import World


def test_a_rule_that_asks_again_in_a_look_is_given_the_same_number(world: World) -> None:
    here, events = scene(world.room, None), world.room.events
    assert recent(events, here, "error_rate") is recent(events, here, "error_rate")
    assert over_phase(events, here, "adoption_rate") is over_phase(events, here, "adoption_rate")


def test_another_age_tag_or_metric_is_another_number(world: World) -> None:
    here, events = scene(world.room, None), world.room.events
    day, week = (over_phase(events, here, "adoption_rate", age=timedelta(days=days)) for days in (1, 7))
    assert day is not week
    assert recent(events, here, "lcp_p75").value != recent(events, here, "inp_p75").value


def test_an_epoch_that_began_otherwise_is_measured_from_its_own_beginning(world: World) -> None:
    here, events = scene(world.room, None), world.room.events
    before = recent(events, here, "error_rate")
    began = before.window.since_at + timedelta(hours=1)
    later = replace(here, rollout=replace(here.rollout, epoch_began_at=began))
    assert recent(events, later, "error_rate").window.since_at == began != before.window.since_at


def test_the_next_look_sees_what_came_since(world: World) -> None:
    before = recent(world.room.events, scene(world.room, None), "error_rate")
    for number in range(40):
        world.add("api_request", 14 * 24 - 0.2, f"treatment{number % 20}", endpoint="/plan", status=500, value=1.0)
    world.flush()
    after = recent(world.room.events, scene(world.room, None), "error_rate")
    assert (after.n, after.value) != (before.n, before.value)


def resumed(here: Scene, ago: timedelta) -> Scene:
    """The same rollout as if it had been resumed so long ago."""
    at = here.now - ago
    epoch = replace(here.epochs[-1], number=here.epochs[-1].number + 1, cause="resume", began_at=at)
    return replace(here, rollout=replace(here.rollout, epoch_began_at=at), epochs=(*here.epochs, epoch), asked={})


def errors_of(world: World, here: Scene) -> Deduction:
    return glance(world.room.events, here).health.deductions[0]


@pytest.mark.parametrize(("sent", "said"), [
    (0, "0 requests since the resume on "), (1, "1 request since the resume on "), (40, "0.0% (0.0–8.8) of 40 ")])
def test_soon_after_a_resume_the_score_says_since_when_it_counts(world: World, sent: int, said: str) -> None:
    for number in range(sent):
        world.add("api_request", 14 * 24 - 0.05, f"treatment{number % 20}", endpoint="/plan", status=200, value=1.0)
    world.add("page_view", 14 * 24 - 0.01, "somebody", page="/plan")
    world.flush()
    found = errors_of(world, resumed(scene(world.room, None), timedelta(minutes=18)))
    assert found.evidence.startswith(said)
    assert (found.fresh, found.waits) == (sent == 40, sent < 40)


def test_nothing_for_a_day_after_a_resume_is_missing(world: World) -> None:
    world.add("page_view", 14 * 24 - 0.01, "somebody", page="/plan")
    world.flush()
    here = scene(world.room, None)
    late = replace(resumed(here, timedelta(minutes=18)), epochs=resumed(here, timedelta(days=2)).epochs)
    assert not errors_of(world, late).waits
