"""Advance: on to the next phase, or to a later one by name."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class Advance:
    """`phase` None: the next one."""

    rollout: str | None = None
    phase: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Advance) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.advance(situation.plan, situation.rollout, situation.census, situation.now, phase=request.phase)


VERB = RolloutVerb("advance", Advance, propose, Role.ADMIN, "Go on to the next phase, or to a later one by name.",
                   raises=True, climbs=True)


def advance(room: Room, actor: Actor, request: Advance) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
