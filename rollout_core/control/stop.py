"""Stop: the kill switch. What is served changes first, the record follows; a store that fails does not hinder it."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.emergency import FILE, EmergencyStop, lift, write_emergency
from rollout_core.control.transact import recorded_refusals
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.errors import InvalidRequest, RolloutNotFound, StoreError
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class Stop:
    """Needs neither revision nor reason; one is asked for afterwards."""

    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Stop) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.stop(situation.rollout, situation.now)


VERB = RolloutVerb("stop", Stop, propose, Role.OPERATOR, "Switch everything off at once; only an admin resumes.",
                   urgent=True)


def stop(room: Room, actor: Actor, request: Stop) -> Change:
    """Stops serving, then commits. If the commit fails the stop goes into emergency.json and the answer says so.

    Raises NotPermitted, RolloutNotFound, InvalidRequest; StoreError only when not even the file can be written.
    """
    with recorded_refusals(room, actor, VERB.name, request):
        require(actor, VERB.role, "stop a rollout")
    key = named(room, request.rollout)
    room.live.halt(key)
    try:
        change = change_rollout(room, actor, VERB, request)
    except Exception as error:          # whatever failed: the stop stands, and the next start must know
        return _uncommitted(room, actor, request, key, error)
    lift(room, key)
    return change


def named(room: Room, key: str | None) -> str:
    """The rollout that is meant; from memory when the control store cannot be read."""
    try:
        with room.control.read() as unit:
            return rollout_of(unit, key).key
    except StoreError:
        served = tuple(room.live.current.rollouts)
    if key is None and len(served) != 1:
        raise InvalidRequest("Which rollout is meant?", mend=f"Name one of {', '.join(served)}.", rollouts=served)
    if key is not None and key not in served:
        raise RolloutNotFound(f"There is no rollout {key!r}.", mend=f"Known rollouts: {', '.join(served)}.",
                              rollout=key, known=served)
    return key or served[0]


def _uncommitted(room: Room, actor: Actor, request: Stop, key: str, error: Exception) -> Change:
    """Writes the stop beside the store, freeing the reserve if there is no room even for that."""
    emergency = EmergencyStop(key, actor.principal, room.clock.now(), (request.reason or "").strip())
    try:
        write_emergency(room, emergency)
    except StoreError:
        room.control.free_reserve()
        write_emergency(room, emergency)
    warning = (f"{key} is stopped, but the control store could not record it ({error}). The stop is in {FILE} and "
               "wins at the next start; mend the store and stop again to record it.")
    return Change(VERB.name, key, 0, warnings=(warning,))
