"""Prepare: the draft is complete and may be started."""

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
class Prepare:
    """`rollout` None: the only one."""

    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Prepare) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.prepare(situation.rollout, situation.now)


VERB = RolloutVerb("prepare", Prepare, propose, Role.ADMIN, "The draft is complete; the rollout may be started.")


def prepare(room: Room, actor: Actor, request: Prepare) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
