"""Rehearsals that go on while somebody waits: begun in a thread, looked at, stopped. One at a time, whoever asks."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from logging import getLogger

from rollout_core.errors import InvalidRequest, NotFound, RolloutError
from rollout_core.simulation.rehearsed import Rehearsed

log = getLogger("rollout.rehearsals")

KEPT = 5
"""Results of so many rehearsals are remembered; older ones are forgotten."""

FORETELLS = 0.03
"""From which part on its speed says when it ends."""

Work = Callable[[Callable[[float], None], Callable[[], bool]], Rehearsed]
"""The rehearsal itself: gets `say` (0..1 done) and `stopped` (asked before each sweep)."""


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """One rehearsal. `state`: running | finished | stopped | failed. `found` is there when finished or stopped (then as
    far as it came), `failed` says why it broke off."""

    id: str
    rollout: str
    by: str
    state: str = "running"
    done: float = 0.0
    found: Rehearsed | None = None
    failed: str = ""
    began_at: datetime | None = None

    def left(self, now: datetime) -> timedelta | None:
        """How much longer it takes if it goes on as until now; None while too little is done to tell."""
        if self.began_at is None or not FORETELLS <= self.done < 1:
            return None
        return (now - self.began_at) * ((1 - self.done) / self.done)


@dataclass(slots=True)
class RehearsalDesk:
    """Begins, shows and stops rehearsals of one process."""

    _known: dict[str, Rehearsing] = field(default_factory=dict)
    _stops: dict[str, threading.Event] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _awaited: str = ""
    """The rollout of a rehearsal that a caller waits for; it has no number."""

    def now(self, rollout: str, work: Callable[[], Rehearsed]) -> Rehearsed:
        """Does `work` while the caller waits. Raises InvalidRequest while another one is under way."""
        with self._lock:
            self._refuse_second()
            self._awaited = rollout
        try:
            return work()
        finally:
            self._awaited = ""

    def _refuse_second(self) -> None:
        """A rehearsal copies both stores and takes a core: many at once would leave nothing for the pages."""
        running = next((each for each in self._known.values() if each.state == "running"), None)
        if running is not None or self._awaited:
            rollout, done = (running.rollout, f" ({running.done:.0%})") if running else (self._awaited, "")
            raise InvalidRequest(f"A rehearsal of {rollout} is under way{done}.", mend="Wait for it, or stop it.")

    def begin(self, rollout: str, by: str, work: Work, at: datetime | None = None) -> Rehearsing:
        """Starts `work` in a thread of its own. Raises InvalidRequest while another one is under way."""
        with self._lock:
            self._refuse_second()
            begun = Rehearsing(secrets.token_urlsafe(8), rollout, by, began_at=at)
            self._known[begun.id], self._stops[begun.id] = begun, threading.Event()
            for old in list(self._known)[:-KEPT]:
                self._known.pop(old)
                self._stops.pop(old)
        threading.Thread(target=self._run, args=(begun.id, work), name="rehearsal", daemon=True).start()
        return begun

    def of(self, number: str) -> Rehearsing:
        """How one stands. Raises NotFound."""
        with self._lock:
            if number not in self._known:
                raise NotFound("This rehearsal is not known here.", mend="Begin it again; only the last few are kept.")
            return self._known[number]

    def all(self) -> tuple[Rehearsing, ...]:
        """Those that are remembered, newest first."""
        with self._lock:
            return tuple(reversed(self._known.values()))

    def stop(self, number: str) -> Rehearsing:
        """Asks it to stop before its next sweep; what it found until then is kept. Raises NotFound."""
        found = self.of(number)
        self._stops[number].set()
        return found

    def _run(self, number: str, work: Work) -> None:
        try:
            found = work(lambda done: self._change(number, done=done), self._stops[number].is_set)
            self._change(number, state="finished" if found.finished else "stopped", done=1.0, found=found)
        except RolloutError as error:
            self._change(number, state="failed", failed=str(error))
        except Exception as error:      # nobody else would ever see it: the thread is the outermost edge
            log.exception("The rehearsal broke off.")
            self._change(number, state="failed", failed=f"{type(error).__name__}: {error}")

    def _change(self, number: str, **fields: object) -> None:
        with self._lock:
            self._known[number] = replace(self._known[number], **fields)  # type: ignore[arg-type]
