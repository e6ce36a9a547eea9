"""Rehearsals from outside: copies of both stores in a temporary folder, replayed and thrown away. Only read live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.leftovers import REHEARSALS
from rollout_core.bootstrap.opening import plan_of
from rollout_core.bootstrap.rehearsal_desk import Rehearsing
from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.free_disk import in_words_of_the_disk
from rollout_core.ports.store_key import store_key
from rollout_core.rollouts.plan import Plan
from rollout_core.simulation.rehearsal import Rehearse, rehearse, snapshot_for
from rollout_core.simulation.rehearsed import Rehearsed
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.rewound_store import open_rewound

PROGRESS = "rehearse"
MOST_SWEEPS = 20_000
LONGEST_STEP = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """Sweeps every `every_seconds` from `since_at` to `until_at` (None: now). `plan`: a variant of its plan."""

    since_at: datetime
    rollout: str | None = None
    until_at: datetime | None = None
    every_seconds: float = 3600.0
    plan: PlanText | None = None


def rehearse_stored(room: ControlRoom, actor: Actor, request: RehearsalRequest,
                    say: Callable[[float], None] | None = None) -> Rehearsed:
    """What would have been decided, for operators; waits until it is done.

    Raises InvalidRequest, InvalidPlan, RolloutNotFound, StoreError.
    """
    require(actor, Role.OPERATOR, "rehearse")
    asked = _asked(room, request)

    def heard(done: float) -> None:
        room.progress[PROGRESS] = done
        if say is not None:
            say(done)

    try:
        return room.rehearsals.now(asked.rollout, lambda: _replay(room, asked, heard, lambda: False))
    finally:
        room.progress.pop(PROGRESS, None)


def begin_rehearsal(room: ControlRoom, actor: Actor, request: RehearsalRequest) -> Rehearsing:
    """Begins it in the background, for operators: nothing blocks. Look at it with `rehearsal_of(room, actor, id)`.

    What cannot be rehearsed is refused here and now: InvalidRequest, InvalidPlan, RolloutNotFound, NotPermitted.
    """
    require(actor, Role.OPERATOR, "rehearse")
    asked = _asked(room, request)
    return room.rehearsals.begin(asked.rollout, actor.principal,
                                 lambda say, stopped: _replay(room, asked, say, stopped), room.room.clock.now())


def rehearsal_of(room: ControlRoom, actor: Actor, number: str) -> Rehearsing:
    """How a rehearsal stands, with its result when there is one. Raises NotFound."""
    require(actor, Role.OPERATOR, "rehearse")
    return room.rehearsals.of(number)


def stop_rehearsal(room: ControlRoom, actor: Actor, number: str) -> Rehearsing:
    """Asks it to stop; it ends before its next sweep and keeps what it found. Raises NotFound."""
    require(actor, Role.OPERATOR, "rehearse")
    return room.rehearsals.stop(number)


def _replay(room: ControlRoom, asked: Rehearse, say: Callable[[float], None], stopped: Callable[[], bool]) -> Rehearsed:
    """The rehearsal in copies of both stores that are thrown away."""
    place = room.room.directory / REHEARSALS
    with in_words_of_the_disk(place):
        place.mkdir(mode=0o700, exist_ok=True)
    with TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        copy = open_control_store(folder / "control.sqlite", plan_of)
        events = open_rewound(snapshot_for(room.room, folder), store_key(room.room.directory), asked.since_at)
        try:
            return rehearse(room.room, copy, events, asked, lambda _, done: say(done), stopped)
        finally:
            events.close()
            copy.close()


def _asked(room: ControlRoom, request: RehearsalRequest) -> Rehearse:
    with room.room.control.read() as unit:
        keys = [each.key for each in unit.rollouts.all()]
        chosen = request.rollout or (keys[0] if len(keys) == 1 else None)
        if chosen is None:
            raise InvalidRequest("There are several rollouts.", mend=f"Name one of {', '.join(keys)}.")
        rollout = unit.rollouts.get(chosen)
        own = unit.plans.get(rollout.plan, rollout.plan_version)
    until_at = request.until_at or room.room.clock.now()
    if request.since_at.tzinfo is None or until_at.tzinfo is None:
        raise InvalidRequest("A time has no offset from UTC.", mend="Write it like 2026-01-31T12:00:00Z.")
    if not 0 < request.every_seconds <= LONGEST_STEP.total_seconds():
        raise InvalidRequest("A rehearsal sweeps at least once a year.", mend="Give every_seconds, such as 3600.")
    every = timedelta(seconds=request.every_seconds)
    if request.since_at >= until_at or every <= timedelta(0):
        raise InvalidRequest("There is no time between the beginning and the end.", mend="Choose a later end.")
    if (until_at - request.since_at) / every > MOST_SWEEPS:
        raise InvalidRequest(f"That would be more than {MOST_SWEEPS:,} sweeps.",
                             mend="Sweep less often, or over a shorter time.")
    return Rehearse(chosen, request.since_at, until_at, every, None if request.plan is None else (
        _variant(request.plan, own), request.plan))


def _variant(text: PlanText, own: Plan) -> Plan:
    """The variant's plan. Raises InvalidPlan; InvalidRequest for a plan that its subjects were not split by."""
    plan = plan_of(text.text, text.source)
    if (plan.key, plan.unit) != (own.key, own.unit):
        raise InvalidRequest(f"{plan.key} (by {plan.unit}) is no variant of {own.key} (by {own.unit}).",
                             mend="Change a copy of the rollout's own plan.")
    missing = [phase.key for phase in own.phases if phase.key not in {each.key for each in plan.phases}]
    if missing:
        raise InvalidRequest(f"The variant lacks phases that happened: {', '.join(missing)}.",
                             mend="Keep the phases; change rules, criteria or limits.")
    return plan
