"""What is fixed before the data, once; and sightings that become alerts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rollout_core.control.freeze_references import freeze_references
from rollout_core.control.settle_alerts import settle_alerts
from rollout_core.health.alert import AlertState
from rollout_core.health.sighting import Sighting
from rollout_core.insight.known import Frozen
from rollout_core.insight.scene import scene
from rollout_core.rollouts.plan import Severity
from tests.golden.made_world import PLAN, World

DAY = 24.0
RULES = PLAN.replace("guardrails:\n", "guardrails:\n  - {key: lcp, name: LCP, metric: lcp_p75, margin: 5 %, mde: 10 %, "
                     "relative: true}\n")
TOP = 1.03
"""Bins of the histogram are 2 % wide: a quantile may lie that far off."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The golden world with a guardrail on a percentile."""
    return World(tmp_path, RULES)


def vitals(world: World, day: float, count: int, first_ms: float = 1_000.0) -> None:
    """LCP of first_ms, first_ms + 10, … one each of as many people."""
    for number in range(count):
        world.add("web_vital", day * DAY + number / 100, f"u{number}", name="LCP", value=first_ms + 10 * number,
                  page="/a")


def freeze(world: World) -> Frozen:
    return freeze_references(world.room, scene(world.room, "r"))


def test_a_reference_is_the_quantile_of_the_days_before_and_is_fixed_once(world: World) -> None:
    vitals(world, -5, 400)                       # 1.00 s … 4.99 s: three quarters lie below 4.00 s
    vitals(world, 3, 400, first_ms=9_000.0)      # after the start: never looked at
    world.close()
    first = freeze(world)
    assert [(each.metric, each.q, each.n) for each in first.references] == [("vital:LCP", 0.75, 400)]
    assert 4_000_000 / TOP <= first.references[0].value <= 4_000_000 * TOP
    assert first.references[0].applies_from_at == world.at(0)
    vitals(world, -4, 400, first_ms=100.0)       # comes late: what is frozen stays
    world.close()
    assert freeze(world) == first


def test_without_enough_days_before_the_first_of_both_sides_are_taken_and_apply_from_then_on(world: World) -> None:
    vitals(world, -5, 150)                       # fewer than the 200 that a reference needs
    world.close()
    assert freeze(world).references == []
    for number in range(250):
        world.expose(f"u{number}", "treatment" if number % 2 else "control", 1)
    vitals(world, 3, 250)
    world.close()
    found = freeze(world).references
    assert [(each.n, each.applies_from_at) for each in found] == [(250, world.clock.at)]


def test_usual_values_are_those_of_the_days_before(world: World) -> None:
    for number in range(100):
        world.add("api_request", -3 * DAY, f"u{number}", endpoint="/x", status=500 if number < 4 else 200, value=1.0)
    for number in range(100):
        world.add("api_request", 2 * DAY, f"u{number}", endpoint="/x", status=500, value=1.0)
    world.close()
    assert freeze(world).baselines == {"error_rate": 0.04}


@pytest.mark.parametrize(("many", "usual"), [(29, {"error_rate": 0.0}), (30, {})])
def test_sessions_that_no_error_names_have_no_usual_value(
        tmp_path: Path, many: int, usual: dict[str, float]) -> None:
    world = World(tmp_path, PLAN.replace("error_basis: requests", "error_basis: sessions"))
    for number in range(100):
        world.add("session", -3 * DAY, f"u{number}", session=f"s{number}", value=1.0)
    for number in range(many):
        world.add("error", -3 * DAY, f"u{number}", category="javascript", severity="low", message="boom")
    world.close()
    assert freeze(world).baselines == usual


def test_before_the_start_nothing_is_frozen(world: World) -> None:
    vitals(world, -5, 400)
    world.close()
    world.change_rollout(started_at=None)
    assert freeze(world) == Frozen()


def sighting(fires: bool | None, proven: bool = True) -> Sighting:
    return Sighting("r", "error_rate", "", Severity.CRITICAL, fires, "Error rate above 5 %", "6 % of 500", proven)


def settled(world: World, *found: Sighting, minutes: int = 0) -> tuple[int, int]:
    world.clock.at += timedelta(minutes=minutes)
    here = scene(world.room, "r")
    with world.room.control.write() as unit:
        return settle_alerts(unit, here, found)


def test_a_crossed_limit_warns_at_once_and_takes_its_level_when_it_is_proven(world: World) -> None:
    assert settled(world, sighting(True, proven=False)) == (1, 0)
    with world.room.control.read() as unit:
        alert = unit.alerts.all("r")[0]
    assert (alert.severity, alert.proven, alert.state) == (Severity.WARNING, False, AlertState.OPEN)
    assert settled(world, sighting(True, proven=False), minutes=1) == (0, 0), "the same alert, not a second one"
    assert settled(world, sighting(True), minutes=1) == (0, 0)
    with world.room.control.read() as unit:
        alerts = unit.alerts.all("r")
    assert [(each.severity, each.proven) for each in alerts] == [(Severity.CRITICAL, True)]


def test_calm_resolves_and_what_cannot_be_judged_does_not(world: World) -> None:
    settled(world, sighting(True))
    assert settled(world, sighting(None), minutes=30) == (0, 0), "no data is not fine"
    assert settled(world, sighting(False), minutes=1) == (0, 0)
    assert settled(world, sighting(False), minutes=15) == (0, 1)
    assert settled(world, sighting(True), minutes=1) == (1, 0), "it opens again as the same one"
    with world.room.control.read() as unit:
        assert [each.times_opened for each in unit.alerts.all("r")] == [2]


def test_people_are_told_of_each_step_once(world: World) -> None:
    settled(world, sighting(True))
    settled(world, sighting(True), minutes=1)
    settled(world, sighting(False), minutes=1)
    settled(world, sighting(False), minutes=20)
    with world.room.control.read() as unit:
        told = [message.topic for message in unit.outbox.due(world.clock.at, 50)]
    assert told == ["alert.opened", "alert.resolved"]
