"""Sweeps by itself, every minute by default. One thread: two sweeps never overlap, and one that hangs is left behind.

After downtime there is one sweep at the present; missed ones are never made up. A sweep that takes longer than its
limit is left behind, so that a hung query does not stop the next one; it can still end, but a step it decided on is
refused when the rollout has changed since it looked. When three are left behind no further one begins before one ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from logging import getLogger

from rollout_core.control.sweep import Sweep, sweep
from rollout_core.errors import RolloutError
from rollout_core.people.actor import AUTOPILOT
from rollout_core.ports.room import Room

log = getLogger("rollout.sweeps")

EVERY_SECONDS = 60.0
LIMIT_SECONDS = 120.0
"""A sweep that takes longer is left behind."""

MOST_LEFT_BEHIND = 3
"""So many hung sweeps may stand there at once."""


class SweepClock:
    """Calls `once` every `every_seconds`; `once` is the sweep of all rollouts unless a test hands in another."""

    def __init__(self, room: Room | None, *, every_seconds: float = EVERY_SECONDS, limit_seconds: float = LIMIT_SECONDS,
                 once: Callable[[], object] | None = None) -> None:
        self._once = once or self._sweep
        self._room = room
        self._every, self._limit = every_seconds, limit_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep-clock", daemon=True)
        self._left: list[threading.Thread] = []
        self.abandoned = 0
        self.on_full: Callable[[], object] = lambda: log.error("%s sweeps hang; none begins.", MOST_LEFT_BEHIND)

    def start(self) -> None:
        """Starts the thread; the first sweep comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the sweep that is under way, waiting no longer than its limit."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._limit)

    def _run(self) -> None:
        while True:
            self._left = [each for each in self._left if each.is_alive()]
            if len(self._left) < MOST_LEFT_BEHIND:
                self._attempt_in_time()
            else:
                self.on_full()
            if self._done.wait(self._every):
                return

    def _attempt_in_time(self) -> None:
        worker = threading.Thread(target=self._attempt, name="sweep", daemon=True)
        worker.start()
        worker.join(self._limit)
        if worker.is_alive():
            self._left.append(worker)
            self.abandoned += 1
            log.error("A sweep took longer than %s s and was left behind.", self._limit)

    def _sweep(self) -> None:
        if self._room is not None:
            sweep(self._room, AUTOPILOT, Sweep())

    def _attempt(self) -> None:
        try:
            self._once()
        except RolloutError as error:
            log.error("The sweep could not be done: %s", error)
        except Exception:       # the clock must outlive a bug in one sweep; the log tells it in full
            log.exception("The sweep failed.")
