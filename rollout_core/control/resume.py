"""Resume: on from a hold, a pause or a stop, never to more than was served before it."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.emergency import lift
from rollout_core.control.share import in_buckets
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class Resume:
    """`percentage` (0..100) None: what was served before."""

    rollout: str | None = None
    percentage: float | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Resume) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.resume(situation.plan, situation.rollout, situation.census, situation.now,
                         percentage=in_buckets(request.percentage))


VERB = RolloutVerb("resume", Resume, propose, Role.ADMIN, "Go on from a hold, a pause or a stop.", raises=True)


def resume(room: Room, actor: Actor, request: Resume) -> Change:
    """Does it; see `change_rollout`. Afterwards an emergency stop of this rollout is lifted."""
    change = change_rollout(room, actor, VERB, request)
    lift(room, str(change.rollout))
    return change
