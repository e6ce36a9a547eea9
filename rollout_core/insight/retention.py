"""How long raw events are kept, and what would be deleted if it were otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rollout_core.ports.event_questions import Kept
from rollout_core.ports.keeping import BOUNDS, DEFAULT_KEEP_DAYS, keep_days
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class RetentionRequest:
    """`kind` and `days`: what if this kind were kept for so many days? None: as it is."""

    kind: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One kind. `goes` counts the rows that the next pass deletes (texts: rows that lose their text)."""

    kind: str
    days: int
    default: int
    least: int
    most: int
    rows: int
    oldest_at: datetime | None
    goes: int


@dataclass(frozen=True, slots=True)
class RetentionAnswer:
    """In the order of BOUNDS."""

    kinds: tuple[KeptLine, ...]


def answer(room: Room, request: RetentionRequest) -> RetentionAnswer:
    """Counted from whole UTC days, as retention itself does."""
    with room.control.read() as unit:
        days = keep_days(unit.meta)
    if request.kind is not None and request.kind in BOUNDS and request.days is not None:
        days[request.kind] = request.days
    today = room.clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = tuple((kind, today - timedelta(days=days[kind])) for kind in BOUNDS)
    found = {row["kind"]: row for row in room.events.measure(Kept(asked)).records()}
    return RetentionAnswer(tuple(
        KeptLine(kind, days[kind], DEFAULT_KEEP_DAYS[kind], bounds.least, bounds.most, found[kind]["n"],
                 found[kind]["oldest_at"], found[kind]["goes"]) for kind, bounds in BOUNDS.items()))
