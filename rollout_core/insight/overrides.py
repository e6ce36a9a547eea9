"""Who is on or off by hand, whatever the percentage says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.question import rollout_of
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class OverridesRequest:
    """`subject` None: of everybody."""

    rollout: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One override; `flag` None: all flags. `in_force` False: its time is over."""

    subject: str
    value: bool
    flag: str | None
    by: str
    reason: str
    until_at: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class OverridesAnswer:
    """By subject, then flag."""

    rollout: str
    overrides: tuple[OverrideLine, ...]


def answer(room: Room, request: OverridesRequest) -> OverridesAnswer:
    """Raises RolloutNotFound."""
    now = room.clock.now()
    with room.control.read() as unit:
        rollout = rollout_of(unit, request.rollout)
        return OverridesAnswer(rollout.key, tuple(
            OverrideLine(each.subject, each.value, each.flag, each.by, each.reason, each.until_at,
                         each.until_at is None or each.until_at > now)
            for each in unit.overrides.of(rollout.key) if request.subject in (None, each.subject)))
