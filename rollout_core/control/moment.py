"""The instant of a change: the clock's, but never before what is already recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.errors import ClockMovedBack
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

TOLERANCE = timedelta(minutes=1)
"""Two machines or a time server may differ by this much; more is a clock that was set back."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is used for epochs and records; `clock_at` is what the machine's clock said."""

    at: datetime
    clock_at: datetime

    @property
    def behind(self) -> timedelta:
        """How far the clock stands before the newest record; 0 when it does not."""
        return self.at - self.clock_at


def moment(room: Room, unit: ControlUnit) -> Moment:
    """The instant for a change made in this transaction."""
    clock_at = room.clock.now()
    newest_at = unit.audit.newest_at()
    return Moment(max(clock_at, newest_at) if newest_at else clock_at, clock_at)


def refuse_skew(room: Room, when: Moment) -> None:
    """Raises ClockMovedBack for a change that raises exposure: minimum durations and evidence would be wrong."""
    if when.behind > TOLERANCE and not room.demo:
        raise ClockMovedBack(
            f"This machine's clock says {when.clock_at:%Y-%m-%d %H:%M} UTC, but the trail already reaches "
            f"{when.at:%Y-%m-%d %H:%M}.",
            mend="Set the clock right; until then exposure can be lowered but not raised.",
            clock_at=when.clock_at.isoformat(), recorded_at=when.at.isoformat())
