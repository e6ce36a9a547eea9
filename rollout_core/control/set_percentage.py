"""Set the percentage: up through the gates of the phase it falls into, down at any time."""

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
from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class SetPercentage:
    """`percentage` 0..100 of the eligible subjects. Going down needs no revision."""

    percentage: float
    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: SetPercentage) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.set_percentage(situation.plan, situation.rollout, situation.census, situation.now,
                                 buckets_of_percentage(request.percentage))


def rises(rollout: Rollout, request: SetPercentage) -> bool:
    """True when the share asked for is above the present one."""
    return buckets_of_percentage(request.percentage) > rollout.percentage


VERB = RolloutVerb("set_percentage", SetPercentage, propose, Role.OPERATOR,
                   "Serve this share of the eligible subjects.", rises=rises)


def set_percentage(room: Room, actor: Actor, request: SetPercentage) -> Change:
    """Does it; see `change_rollout`. Raising needs an admin and the revision."""
    return change_rollout(room, actor, VERB, request)
