"""Reading a tail of which a heavy one may be kept from a look before (ports/tail_memory.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from logging import getLogger
from threading import Lock, Thread

from rollout_core.insight.tail import AT, NUMBERS, WHAT, by_family
from rollout_core.insight.two_parts import Row, SharedRows
from rollout_core.insight.window import floored
from rollout_core.ports.event_questions import Tail
from rollout_core.ports.event_store import Asked
from rollout_core.ports.tail_memory import HEAVY, KeptTail, TailMemory
from rollout_core.ports.thread_priority import give_way

log = getLogger("rollout.tail")

Start = Callable[[Callable[[], None]], None]
"""Lets work be done while its caller goes on."""


_ONE = Lock()
"""Held by the reading beside the looks that is under way: however many rollouts are looked at, it takes one core."""


def beside(work: Callable[[], None]) -> None:
    """Does work in a thread of its own, which gives way to those of the looks; one work after the other."""
    def run() -> None:
        give_way()
        with _ONE:
            work()

    Thread(target=run, name="tail", daemon=True).start()


@dataclass(frozen=True, slots=True)
class KeptTails:
    """The tails of a look at `now`. `state`: tails of another state of the store are not given. `heavy`: from how many
    counted on a tail is kept; `clock` measures seconds."""

    store: Asked
    memory: TailMemory
    now: datetime
    state: Hashable
    start: Start = beside
    heavy: int = HEAVY
    clock: Callable[[], float] = time.monotonic

    def families(self, question: Tail) -> Mapping[str, list[Row]]:
        """Family -> its rows. What begins within a window, or ends before now, is asked as it is."""
        since_at = question.window.since_at
        if since_at != floored(since_at) or question.window.until_at != self.now:
            return self._read(question)
        with self.memory.turn(question.rollout):
            known = {name: kept for name, kept in self.memory.recall(question.rollout, question.metrics).items()
                     if kept.serves(since_at, self.now, self.state)}
            missing = tuple(name for name in question.metrics if name not in known)
            found = self._keep(replace(question, metrics=missing)) if missing else {}
        self._renew(replace(question, metrics=tuple(name for name, kept in known.items() if kept.due(self.now))))
        return {**found, **{name: _since(since_at, kept) for name, kept in known.items()}}

    def _renew(self, question: Tail) -> None:
        mine = self.memory.claim(question.rollout, question.metrics)
        if mine:
            self.start(lambda: self._renewed(replace(question, metrics=mine)))

    def _renewed(self, question: Tail) -> None:
        try:
            self._keep(question)
        except Exception:       # the next look waits for a new one, and is told what is wrong
            log.exception("A tail could not be read.")
        finally:
            self.memory.renewed(question.rollout, question.metrics)

    def _keep(self, question: Tail) -> Mapping[str, list[Row]]:
        """Reads and keeps what is heavy."""
        began = self.clock()
        found = self._read(question)
        seconds = self.clock() - began
        counted = sum(row[NUMBERS] for rows in found.values() for row in rows if row[WHAT] == "sums")
        if counted >= self.heavy:
            found = {name: SharedRows(rows) for name, rows in found.items()}
        self.memory.keep(question.rollout, self.now, {
            name: KeptTail(question.window.since_at, self.now, seconds, self.state, rows)
            if counted >= self.heavy else None for name, rows in found.items()})
        return found

    def _read(self, question: Tail) -> Mapping[str, list[Row]]:
        found = by_family(self.store.measure(question))
        return {name: found.get(name, []) for name in question.metrics}


def _since(since_at: datetime, kept: KeptTail) -> list[Row]:
    """The rows of a kept tail that belong to what begins later, where a window has been closed since."""
    rows = kept.rows
    if kept.since_at == since_at:
        return rows
    if not isinstance(rows, SharedRows):
        return [row for row in rows if row[AT] >= since_at]
    later: list[Row] = rows.made(("since", since_at), lambda: SharedRows(row for row in rows if row[AT] >= since_at))
    return later
