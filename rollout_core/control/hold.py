"""Hold: exposure stays as it is, and nothing moves by itself."""

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
class Hold:
    """Needs neither revision nor reason; one is asked for afterwards."""

    rollout: str | None = None
    revision: int | None = None
    reason: str | None = None


def propose(situation: Situation, request: Hold) -> decide.Next:
    """What the rollout would become. Pure."""
    return decide.hold(situation.rollout, situation.now)


VERB = RolloutVerb("hold", Hold, propose, Role.OPERATOR, "Keep exposure as it is; nothing moves by itself.",
                   urgent=True)


def hold(room: Room, actor: Actor, request: Hold) -> Change:
    """Does it; see `change_rollout`."""
    return change_rollout(room, actor, VERB, request)
