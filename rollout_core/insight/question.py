"""What a question is: a request, an answer, and the function between them. Questions never write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollout_core.errors import InvalidRequest, RolloutNotFound
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class QuestionSpec:
    """One question. `answer(room, request)` gives a value of type `answers`; both are frozen dataclasses."""

    name: str
    request: type
    answers: type
    answer: Callable[[Room, Any], Any]
    summary: str


def rollout_of(unit: ControlUnit, key: str | None) -> Rollout:
    """The rollout that is meant; None: the only one. Raises RolloutNotFound, or InvalidRequest when there are several.
    """
    if key is not None:
        return unit.rollouts.get(key)
    rollouts = unit.rollouts.all()
    if len(rollouts) == 1:
        return rollouts[0]
    keys = tuple(rollout.key for rollout in rollouts)
    if not keys:
        raise RolloutNotFound("There is no rollout yet.", mend="Create them with `rollout setup`.")
    raise InvalidRequest("Which rollout is meant?", rollouts=keys,
                         mend=f"Name one of {', '.join(keys)}: in a terminal `--rollout KEY`, by HTTP `rollout=KEY`.")
