"""What the sweeps decided, newest first, with everything they saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.ports.control_records import DecisionRecord
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import Act
from rollout_core.rollouts.rollout import Epoch


@dataclass(frozen=True, slots=True)
class DecisionsRequest:
    """`number` asks for one; `rollout` None: of all; `before` a number, for the page after."""

    rollout: str | None = None
    number: int | None = None
    limit: int = 50
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """The change of the share that followed a decision: the verb, and from and to in percent."""

    number: int
    at: datetime
    cause: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class DecisionsAnswer:
    """`more` True when older ones exist. `followed`: of each that asked for a step and did not take it, the next change
    of the share; those that none followed are left out."""

    decisions: tuple[DecisionRecord, ...]
    more: bool
    followed: tuple[Followed, ...] = ()


def answer(room: Room, request: DecisionsRequest) -> DecisionsAnswer:
    """One page of decision records, or the one asked for. Raises NotFound."""
    with room.control.read() as unit:
        if request.number is not None:
            return DecisionsAnswer((unit.decisions.get(request.number),), more=False)
        found = unit.decisions.tail(request.rollout, request.limit + 1, request.before)
        advised = [each for each in found[: request.limit] if each.act != Act.NONE and not each.done]
        epochs = {key: unit.epochs.of(key) for key in {each.rollout for each in advised}}
    followed = (followed_by(each, epochs[each.rollout]) for each in advised)
    return DecisionsAnswer(found[: request.limit], len(found) > request.limit,
                           tuple(each for each in followed if each is not None))


def followed_by(record: DecisionRecord, epochs: Sequence[Epoch]) -> Followed | None:
    """The first change of the share after a decision; `epochs` of its rollout, oldest first."""
    change = next(((earlier, later) for earlier, later in pairwise(epochs)
                   if later.began_at >= record.swept_at and later.percentage != earlier.percentage), None)
    if change is None:
        return None
    before, after = (percentage_of_buckets(each.percentage) for each in change)
    return Followed(record.number, change[1].began_at, change[1].cause, before, after)
