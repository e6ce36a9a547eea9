"""Rehearsals: stored events through other rules, in the background, stopped, and without touching the live store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.leftovers import REHEARSALS
from rollout_core.bootstrap.rehearsal_desk import RehearsalDesk, Rehearsing
from rollout_core.bootstrap.rehearsing import (
    RehearsalRequest,
    begin_rehearsal,
    rehearsal_of,
    rehearse_stored,
    stop_rehearsal,
)
from rollout_core.control.sweep import Swept
from rollout_core.errors import InvalidPlan, InvalidRequest, NotFound, NotPermitted
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.rollouts.rollout import Epoch
from rollout_core.simulation.demo import first_midnight
from rollout_core.simulation.rehearsed import SharePoint, looks, share_over_time
from rollout_core.simulation.scenario import Effect
from tests.fakes.swept_store import ADMIN, KEY, NOW, scenario, store

SINCE = first_midnight([scenario()], NOW) + timedelta(days=4)
ERRORS = "metric: error_rate, margin: 0.5 %, mde: 1 %"


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlRoom]:
    """Errors are nine times as frequent in treatment."""
    yield from store(tmp_path_factory.mktemp("harmed"), Effect("errors", 9.0, since=4.3, group="TypeError: x"))


def asked(every_hours: float = 24.0, plan: PlanText | None = None) -> RehearsalRequest:
    return RehearsalRequest(SINCE, KEY, NOW, every_hours * 3600.0, plan)


@pytest.mark.parametrize("request_", [
    RehearsalRequest(SINCE, KEY, NOW, 1e308), RehearsalRequest(SINCE, KEY, NOW, float("nan")),
    RehearsalRequest(SINCE, KEY, NOW, -3600.0), RehearsalRequest(SINCE.replace(tzinfo=None), KEY, NOW)])
def test_a_step_beyond_reason_or_a_time_without_a_zone_is_refused(
        harmed: ControlRoom, request_: RehearsalRequest) -> None:
    with pytest.raises(InvalidRequest):
        begin_rehearsal(harmed, ADMIN, request_)


def variant(room: ControlRoom, old: str, new: str) -> PlanText:
    """The rollout's own plan with one passage written otherwise."""
    text = room.plan_text(KEY).text
    assert text.count(old) == 1
    return PlanText(text.replace(old, new), "variant.yaml")


def ended(room: ControlRoom, number: str) -> Rehearsing:
    """Waits for it, at most three minutes."""
    for _ in range(1_800):
        found = rehearsal_of(room, ADMIN, number)
        if found.state != "running":
            return found
        time.sleep(0.1)
    raise AssertionError("the rehearsal does not end")


def test_a_variant_of_the_plan_decides_by_its_own_rules(harmed: ControlRoom) -> None:
    by_its_own = rehearse_stored(harmed, ADMIN, asked())
    halved = next(each for each in by_its_own.decisions if each.act == "halve")
    assert halved.to == 25.0, "half of the 50 % that were served"
    by_variant = rehearse_stored(harmed, ADMIN, asked(plan=variant(harmed, ERRORS, f"{ERRORS}, rung: pause")))
    paused = next(each for each in by_variant.decisions if "errors" in each.because)
    assert (paused.act, paused.to) == ("pause", 0.0)
    assert paused.swept_at == halved.swept_at, "what is judged is the same; only the step differs"
    unchanged = rehearse_stored(harmed, ADMIN, asked(plan=harmed.plan_text(KEY)))
    assert [each.variant for each in (by_its_own, by_variant, unchanged)] == [False, True, False]


def test_a_rehearsal_goes_on_in_the_background_and_leaves_the_live_store_alone(harmed: ControlRoom) -> None:
    with harmed.room.control.read() as unit:
        before = (unit.rollouts.get(KEY), len(unit.decisions.tail(KEY)), unit.audit.head())
    begun = begin_rehearsal(harmed, ADMIN, asked())
    assert begun.state == "running"
    for second in (begin_rehearsal, rehearse_stored):
        with pytest.raises(InvalidRequest, match="under way"):
            second(harmed, ADMIN, asked())
    found = ended(harmed, begun.id)
    assert found.state == "finished"
    assert found.found is not None
    assert found.found.sweeps == 4, "one a day; on the first day it had not begun at midnight"
    with harmed.room.control.read() as unit:
        began_at = unit.rollouts.get(KEY).started_at
    assert looks(SINCE, NOW, timedelta(days=1), began_at) == 4, "as the form foretells"
    assert found.found.share[-1].allowed < found.found.share[-1].happened
    with harmed.room.control.read() as unit:
        assert (unit.rollouts.get(KEY), len(unit.decisions.tail(KEY)), unit.audit.head()) == before
    assert list((harmed.room.directory / REHEARSALS).iterdir()) == [], "the copies lie in the store's folder, and go"


def test_one_that_is_waited_for_counts_as_one_too_and_ends_whatever_happens() -> None:
    desk = RehearsalDesk()

    def second() -> None:
        with pytest.raises(InvalidRequest, match="A rehearsal of first is under way"):
            desk.begin("second", "ann", None)
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        desk.now("first", second)
    assert desk.now("third", lambda: "done") == "done"


def test_a_stopped_rehearsal_keeps_what_it_found(harmed: ControlRoom) -> None:
    begun = begin_rehearsal(harmed, ADMIN, asked(every_hours=0.25))
    stop_rehearsal(harmed, ADMIN, begun.id)
    found = ended(harmed, begun.id)
    assert found.state == "stopped"
    assert found.found is not None
    assert not found.found.finished
    assert found.found.sweeps < 100


def test_what_cannot_be_rehearsed_is_refused_before_anything_begins(harmed: ControlRoom) -> None:
    with pytest.raises(InvalidPlan):
        begin_rehearsal(harmed, ADMIN, asked(plan=PlanText("format: nonsense", "variant.yaml")))
    with pytest.raises(InvalidRequest, match="no variant"):
        begin_rehearsal(harmed, ADMIN, asked(plan=harmed.plan_text("patient_engagement")))
    with pytest.raises(InvalidRequest, match="no time"):
        begin_rehearsal(harmed, ADMIN, RehearsalRequest(NOW, KEY, SINCE))
    with pytest.raises(NotPermitted):
        begin_rehearsal(harmed, Actor("eve", Role.VIEWER, via="session"), asked())
    with pytest.raises(NotFound):
        rehearsal_of(harmed, ADMIN, "nothing")


def epoch(number: int, hour: int, percent: int, cause: str = "advance") -> Epoch:
    return Epoch(KEY, number, at(hour), "any", percent * 1_000, {}, {}, frozenset(), cause, 1)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)


def decided(hour: int, act: str, to: float | None) -> Swept:
    return Swept(KEY, act, False, "advise", "", None, 0, 0, at(hour), to=to)


def test_a_reduction_caps_the_share_until_a_person_really_resumed() -> None:
    epochs = (epoch(1, 0, 20), epoch(2, 10, 50), epoch(3, 20, 0, "pause"), epoch(4, 30, 50, "resume"))
    decisions = (decided(5, "halve", 10.0), decided(7, "hold", None), decided(8, "halve", 5.0))
    points = share_over_time(epochs, decisions, at(0), at(40))
    assert points == (
        SharePoint(at(0), 20.0, 20.0), SharePoint(at(5), 20.0, 10.0), SharePoint(at(8), 20.0, 5.0),
        SharePoint(at(10), 50.0, 5.0), SharePoint(at(20), 0.0, 0.0), SharePoint(at(30), 50.0, 50.0),
        SharePoint(at(40), 50.0, 50.0))


def test_what_began_before_the_period_shows_at_its_beginning_and_later_epochs_not_at_all() -> None:
    points = share_over_time((epoch(1, 0, 5), epoch(2, 2, 20), epoch(3, 30, 50)), (), at(10), at(20))
    assert points == (SharePoint(at(10), 20.0, 20.0), SharePoint(at(20), 20.0, 20.0))
