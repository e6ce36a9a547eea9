"""Start: the first subjects get the first phase's flags."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.begin import beginning
from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.share import in_buckets
from rollout_core.control.weigh import RolloutVerb, Situation
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.rollouts import decide


@dataclass(frozen=True, slots=True)
class Start:
    """`phase` by key, or `percentage` (0..100); neither: where the plan or its environment begins."""

    rollout: str | None = None
    phase: str | None = None
    percentage: float | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Start) -> decide.Next:
    """What the rollout would become. Pure."""
    phase, share = request.phase, in_buckets(request.percentage)
    if phase is None and share is None:
        phase, share = beginning(situation.plan, situation.environment)
    return decide.start(situation.plan, situation.rollout, situation.census, situation.now, phase=phase,
                        percentage=share)


VERB = RolloutVerb("start", Start, propose, Role.ADMIN, "Begin with the first phase, or with the one named.",
                   raises=True, climbs=True)


def start(room: Room, actor: Actor, request: Start) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
