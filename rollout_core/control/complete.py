"""Complete: the last phase has proven itself; exposure stays and the guard stays on."""

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
class Complete:
    """`rollout` None: the only one."""

    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Complete) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.complete(situation.plan, situation.rollout, situation.now)


VERB = RolloutVerb("complete", Complete, propose, Role.ADMIN, "The last phase has proven itself.")


def complete(room: Room, actor: Actor, request: Complete) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
