"""Stop: the kill switch. What is served changes first, the record follows; a store that fails does not hinder it."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.emergency import lift
from rollout_core.control.lower_anyway import keep_in_file, lower_anyway, lower_remembered, named
from rollout_core.control.transact import recorded_refusals
from rollout_core.control.weigh import RolloutVerb, Situation
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
    if actor.last_known_at is not None:
        return lower_remembered(room, actor, VERB, request)
    with recorded_refusals(room, actor, VERB.name, request):
        require(actor, VERB.role, "stop a rollout")
    key = named(room, request.rollout)
    room.live.halt(key)
    try:
        change = lower_anyway(room, actor, VERB, request, decide.stop)
    except Exception as error:          # whatever failed: the stop stands, and the next start must know
        return keep_in_file(room, actor, VERB.name, request, key, error)
    lift(room, key)
    return change
