"""Pause: nobody is served by percentage until somebody resumes. Waits for nothing but the control store."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.lower_anyway import keep_in_file, lower_anyway, lower_remembered, named
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.errors import StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class Pause:
    """Needs neither revision nor reason; one is asked for afterwards."""

    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Pause) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.pause(situation.rollout, situation.now)


VERB = RolloutVerb("pause", Pause, propose, Role.OPERATOR, "Take exposure to 0 % and remember where it was.",
                   urgent=True)


def pause(room: Room, actor: Actor, request: Pause) -> Change:
    """Does it; see `change_rollout`. A pause that the store cannot record is kept as a stop in emergency.json.

    Raises StoreError only when not even that file can be written.
    """
    if actor.last_known_at is not None:
        return lower_remembered(room, actor, VERB, request)
    try:
        return lower_anyway(room, actor, VERB, request, decide.pause)
    except StoreError as error:
        return keep_in_file(room, actor, VERB.name, request, named(room, request.rollout), error)
