"""Alerts, pause conditions and the score of one look see the same number; the next look measures anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rollout_core.insight.recent import over_phase, recent
from rollout_core.insight.scene import scene
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
