"""One look at the store: all questions of a look are about the same instant, and each is asked of the store once.

A page asks some ten questions and a report eleven; they share the arms' sums, the watermark and the live tail. Their
numbers belong together, so they are of one instant, and what the store has answered for one serves the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any

from rollout_core.insight.heavy_tail import KeptTails
from rollout_core.insight.tail import by_family
from rollout_core.insight.two_parts import Row
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.ports.event_questions import EVERYTHING, TAIL_COLUMNS, Rows, Tail, Watermarks
from rollout_core.ports.event_store import (
    Asked,
    Batch,
    Closed,
    EventStore,
    Forgotten,
    Found,
    FrozenValue,
    MirroredEpoch,
    MirroredRollout,
    Prepared,
    Retained,
    StoreCondition,
    Written,
)
from rollout_core.ports.room import Room
from rollout_core.ports.tail_memory import TailMemory


@dataclass(frozen=True, slots=True)
class Instant:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """The instant of the look."""
        return self.at


@dataclass(frozen=True, slots=True)
class SeenStore:
    """The event store, which is asked each question once: of several threads that ask the same the others wait.

    `state`: what is asked instead of the store, if not the store itself. `tails`: those that looks share; without them
    every tail is read anew.
    """

    store: EventStore
    state: Asked | None = None
    now: datetime | None = None
    tails: TailMemory | None = None
    seen: dict[Any, Any] = field(default_factory=dict)
    """Question -> answer; window and rollout -> family -> its tail."""
    scenes: dict[str | None, Any] = field(default_factory=dict)
    """What scene.py read of each rollout."""
    turns: dict[Any, Lock] = field(default_factory=dict)

    def measure(self, question: Any) -> Rows:
        """See the port."""
        asked = self.state or self.store
        if isinstance(question, Tail):
            return Rows(TAIL_COLUMNS, [row for rows in self.tail(question) for row in rows])
        try:
            known = self.seen.get(question)
        except TypeError:                       # a question with a part that cannot be hashed
            return asked.measure(question)
        if known is None:
            with self.turns.setdefault(question, Lock()):
                known = self.seen.get(question)
                if known is None:
                    known = self.seen[question] = asked.measure(question)
        return known

    def tail(self, question: Tail) -> tuple[list[Row], ...]:
        """The rows of each family of metrics, which is read once, those that are missing together."""
        asked, key = self.state or self.store, (question.window, question.rollout)
        with self.turns.setdefault(key, Lock()):
            known: dict[str, list[Row]] = self.seen.setdefault(key, {})
            missing = tuple(name for name in question.metrics if name not in known)
            if missing:
                found = self._families(asked, replace(question, metrics=missing))
                known |= {name: found.get(name, []) for name in missing}
        return tuple(known[name] for name in question.metrics)

    def _families(self, asked: Asked, question: Tail) -> Mapping[str, list[Row]]:
        if self.tails is None or self.now is None:
            return by_family(asked.measure(question))
        state = tuple(row for row in self.measure(Watermarks()) if row[0] == EVERYTHING)
        return KeptTails(asked, self.tails, self.now, state).families(question)

    def one_state(self) -> AbstractContextManager[Asked]:
        """See the port."""
        return self.store.one_state()

    def write(self, batch: Batch) -> Written:
        """See the port."""
        return self.store.write(batch)

    def prepare(self, sheets: Sequence[Sheet]) -> Prepared | None:
        """See the port."""
        return self.store.prepare(sheets)

    def close_windows(self, now: datetime, *, days: int = 60) -> Closed:
        """See the port."""
        return self.store.close_windows(now, days=days)

    def mirror(self, rollouts: Sequence[MirroredRollout], epochs: Sequence[MirroredEpoch],
               frozen: Sequence[FrozenValue] = ()) -> None:
        """See the port."""
        self.store.mirror(rollouts, epochs, frozen)

    def mirror_subjects(self, unit: str, subjects: Iterable[tuple[str, Mapping[str, Any] | None]]) -> int:
        """See the port."""
        return self.store.mirror_subjects(unit, subjects)

    def query(self, sql: str, *, limit: int = 10_000, seconds: float = 10.0,
              called_off: Event | None = None) -> Found:
        """See the port."""
        return self.store.query(sql, limit=limit, seconds=seconds, called_off=called_off)

    def forget(self, unit: str, subject: str) -> Forgotten:
        """See the port."""
        return self.store.forget(unit, subject)

    def forget_keys(self, keys: Collection[int]) -> Mapping[str, int]:
        """See the port."""
        return self.store.forget_keys(keys)

    def retain(self, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
        """See the port."""
        return self.store.retain(keep_days, now, export_to)

    def export(self, directory: Path, *, tables: Sequence[str] = (), since: date | None = None,
               until: date | None = None) -> tuple[Path, ...]:
        """See the port."""
        return self.store.export(directory, tables=tables, since=since, until=until)

    def snapshot(self, path: Path) -> Path:
        """See the port."""
        return self.store.snapshot(path)

    def condition(self) -> StoreCondition:
        """See the port."""
        return self.store.condition()

    def close(self) -> None:
        """See the port."""
        self.store.close()


def look(room: Room) -> Room:
    """The room as it is at this instant. A look within a look is the same look."""
    if isinstance(room.events, SeenStore):
        return room
    now = room.clock.now()
    return replace(room, events=SeenStore(room.events, now=now, tails=room.tails), clock=Instant(now))


@contextmanager
def still_look(room: Room) -> Iterator[Room]:
    """A look whose answers are all of one state of the store, for one thread and a short time: what is decided together
    must not mix what was counted before a window closed with what was counted after it, and is of the newest events.
    Raises StoreUnavailable."""
    with room.events.one_state() as state:
        yield replace(room, events=SeenStore(room.events, state), clock=Instant(room.clock.now()))
