"""Do events arrive? Counters of the ingest, newest event per kind, dead letters with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scenes
from rollout_core.insight.window import floored
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import (
    DaysAside,
    DeadLetters,
    IngestCounts,
    LastSeen,
    Refusals,
    StoredCounts,
    Totals,
)
from rollout_core.ports.event_store import DayAside
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class EventsHealthRequest:
    """`letters`: how many dead letters to show. `attribution` False: `unattributed`, for which a day of sums of every
    rollout is read, is not counted."""

    letters: int = 50
    attribution: bool = True


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
    """`watermark_at`: windows before it are closed. `lost` = accepted - stored, which must be 0; None: not known
    or not asked for."""

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
    aside: tuple[DayAside, ...] = ()
    """Days whose sums could not be made: their numbers are incomplete."""


DAY = timedelta(days=1)


def answer(room: Room, request: EventsHealthRequest) -> EventsHealthAnswer:
    """What arrived, what was refused, what is missing. Accepted, duplicates and lost are of the last 24 hours."""
    now = room.clock.now()
    day = Window(now - DAY, now)
    seen = room.events.measure(LastSeen(counted=True))
    ingest = room.events.measure(IngestCounts(day)).records()
    counts = {row["kind"]: row["n"] for row in room.events.measure(StoredCounts(day)).records()}
    accepted = counts.pop("acknowledged", 0)
    there = sum(counts.values())
    letters = room.events.measure(DeadLetters(request.letters)).records()
    refused = dict(room.events.measure(Refusals()).rows)
    return EventsHealthAnswer(
        last_event_at=max((row["occurred_at"] for row in seen.records() if row["occurred_at"]), default=None),
        watermark_at=seen.closed_until_at, accepted=accepted, stored=sum(row["stored"] for row in seen.records()),
        duplicates=sum(row["n"] for row in ingest if row["outcome"] == "duplicate"), lost=accepted - there,
        kinds=_kinds(room, seen.records(), Window(now - timedelta(hours=1), now)), dead_letters=sum(refused.values()),
        dead_by_reason=tuple(sorted(refused.items(), key=lambda item: -item[1])),
        letters=tuple(DeadLetter(row["received_at"], row["reason"], row["detail"] or "", row["kind"], row["raw"] or "")
                      for row in letters),
        unattributed=_unattributed(room, day) if request.attribution else None, computed_at=now,
        aside=tuple(DayAside(*row) for row in room.events.measure(DaysAside()).rows))


def _kinds(room: Room, rows: list[dict[str, Any]], hour: Window) -> tuple[KindLine, ...]:
    """Kinds that were ever seen, with what was received in the last hour (by the clock's hours)."""
    recent: dict[str, int] = {}
    for row in room.events.measure(IngestCounts(hour)).records():
        if row["outcome"] == "stored":
            recent[row["kind"]] = recent.get(row["kind"], 0) + row["n"]
    return tuple(KindLine(row["kind"], row["stored"], row["occurred_at"], recent.get(row["kind"], 0))
                 for row in rows if row["stored"])


def _unattributed(room: Room, day: Window) -> int:
    """Sessions and requests of the day whose subject was never exposed, over all rollouts."""
    since_full = Window(floored(day.since_at), day.until_at)
    rows = [row for scene in scenes(room) for row in Measuring(room.events, scene, since_full).ask(
        Totals(since_full, ("session_errors", "request_errors"), scene.rollout.key, ("arm",))).records()]
    return sum(int(row["n"]) for row in rows if row["arm"] == "unattributed")
