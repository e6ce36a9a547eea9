"""Roll back: immediate (the phase before), gradual (half), full (the plan's safe state); it ends in a hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.share import in_buckets
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide
from rollout_core.rollouts.targets import Rollback


@dataclass(frozen=True, slots=True)
class RollBack:
    """`to` is the share (0..100) that the preview announced: with it a second press changes nothing.

    Needs neither revision nor reason; one is asked for afterwards.
    """

    kind: Literal["immediate", "gradual", "full"] = "immediate"
    rollout: str | None = None
    to: float | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: RollBack) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.roll_back(situation.plan, situation.rollout, situation.census, situation.now,
                            Rollback(request.kind), to=in_buckets(request.to))


VERB = RolloutVerb("roll_back", RollBack, propose, Role.OPERATOR,
                   "Go back: to the phase before, to half, or to safety.")


def roll_back(room: Room, actor: Actor, request: RollBack) -> Change:
    """Does it; see `change_rollout`. Nobody's exposure rises."""
    return change_rollout(room, actor, VERB, request)
