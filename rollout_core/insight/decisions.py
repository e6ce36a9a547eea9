"""What the sweeps decided, newest first, with everything they saw."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.ports.control_records import DecisionRecord
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class DecisionsRequest:
    """`number` asks for one; `rollout` None: of all; `before` a number, for the page after."""

    rollout: str | None = None
    number: int | None = None
    limit: int = 50
    before: int | None = None


@dataclass(frozen=True, slots=True)
class DecisionsAnswer:
    """`more` True when older ones exist."""

    decisions: tuple[DecisionRecord, ...]
    more: bool


def answer(room: Room, request: DecisionsRequest) -> DecisionsAnswer:
    """One page of decision records, or the one asked for. Raises NotFound."""
    with room.control.read() as unit:
        if request.number is not None:
            return DecisionsAnswer((unit.decisions.get(request.number),), more=False)
        found = unit.decisions.tail(request.rollout, request.limit + 1, request.before)
        return DecisionsAnswer(found[: request.limit], len(found) > request.limit)
