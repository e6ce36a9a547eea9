"""Release the holdout: subjects that were kept out for comparison are let in. It may only shrink."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.flags.bucketing import buckets_of_percentage
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class ReleaseHoldout:
    """`to` is the share (0..100) that stays held out."""

    rollout: str | None = None
    to: float = 0.0
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: ReleaseHoldout) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.release_holdout(situation.rollout, situation.now, to=buckets_of_percentage(request.to))


VERB = RolloutVerb("release_holdout", ReleaseHoldout, propose, Role.ADMIN, "Let the held-out subjects in.", raises=True)


def release_holdout(room: Room, actor: Actor, request: ReleaseHoldout) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
