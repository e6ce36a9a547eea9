"""Do events arrive? Counters of the ingest, newest event per kind, dead letters with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventsHealthRequest:
    """`letters`: how many dead letters to show."""

    letters: int = 50


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind of event."""

    kind: str
    stored: int
    last_at: datetime | None
    last_hour: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused event: why, and what it was (shortened)."""

    at: datetime
    reason: str
    detail: str
    kind: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class EventsHealthAnswer:
    """`watermark_at`: windows before it are closed. `lost` = accepted - stored, which must be 0; None: not known."""

    last_event_at: datetime | None
    watermark_at: datetime | None
    accepted: int | None
    stored: int
    duplicates: int | None
    lost: int | None
    kinds: tuple[KindLine, ...]
    dead_letters: int
    dead_by_reason: tuple[tuple[str, int], ...]
    letters: tuple[DeadLetter, ...]
    unattributed: int | None
    computed_at: datetime
