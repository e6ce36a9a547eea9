"""What keeps the event store counted: mirrors, spans, windows, retention. One thread, one step at a time.

Spans are built every two seconds, so that the live tail knows the arms of those who have just come; rollups are rebuilt
when a window closes, not for every late event.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from logging import getLogger
from pathlib import Path

from rollout_core.control.counting import recount
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.control.sync_register import sync_register
from rollout_core.control.tidy import tidy
from rollout_core.errors import RolloutError
from rollout_core.ports.keeping import keep_days
from rollout_core.ports.room import Room
from rollout_core.ports.thread_priority import give_way

log = getLogger("rollout.windows")

TICK_SECONDS = 2.0
MIRROR_EVERY = timedelta(seconds=10)
REBUILD_EVERY = timedelta(minutes=1)
TIDY_EVERY = timedelta(hours=1)
DAYS_AT_ONCE = 60
RETENTION_HOUR = 3
"""Retention runs once a day, at the first tick after this hour, UTC."""


@dataclass(slots=True)
class Memory:
    """What was done last."""

    mirrored_at: datetime | None = None
    rebuilt_at: datetime | None = None
    behind: bool = False
    retained_on: date | None = None
    tidied_at: datetime | None = None


class WindowClock:
    """Runs `tick` every two seconds. `keep_days` wins over what an admin chose; `export_to` None: nothing is exported.
    """

    def __init__(self, room: Room, *, keep_days: Mapping[str, int] | None = None, export_to: Path | None = None,
                 tick_seconds: float = TICK_SECONDS) -> None:
        self._room = room
        self._keep_days = dict(keep_days or {})
        self._export_to = export_to
        self._tick_seconds = tick_seconds
        self._memory = Memory()
        self.up_to_date = threading.Event()
        """Set once all windows that were due are closed: what is counted before is counted again."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="window-clock", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the step that is under way."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def tick(self) -> None:
        """One pass. A step that fails is logged and does not keep the others from being done."""
        now = self._room.clock.now()
        for step in (self._mirror, self._close, self._retain, self._tidy):
            attempt(step, now)

    def _run(self) -> None:
        give_way()                  # what it counts is for later; pages and senders wait
        while not self._done.wait(self._tick_seconds):
            self.tick()

    def _mirror(self, now: datetime) -> None:
        if self._memory.mirrored_at is None or now - self._memory.mirrored_at >= MIRROR_EVERY:
            sync_epochs(self._room)
            sync_register(self._room)
            recount(self._room)
            self._memory.mirrored_at = now

    def _close(self, now: datetime) -> None:
        """Always the spans; the rollups once a minute, or at once when work was left over."""
        last = self._memory.rebuilt_at
        whole = self._memory.behind or last is None or now - last >= REBUILD_EVERY
        closed = self._room.events.close_windows(now, days=DAYS_AT_ONCE if whole else 0)
        for day in closed.aside:
            log.error("%s could not be summed up; it is tried again later (rollout doctor).", day)
        if whole:
            self._memory.rebuilt_at = now
            self._memory.behind = closed.behind > 0
            if not self._memory.behind:
                self.up_to_date.set()

    def _retain(self, now: datetime) -> None:
        today = now.date()
        if now.hour >= RETENTION_HOUR and self._memory.retained_on != today:
            with self._room.control.read() as unit:
                chosen = keep_days(unit.meta)
            self._room.events.retain({**chosen, **self._keep_days}, now, self._export_to)
            self._memory.retained_on = today

    def _tidy(self, now: datetime) -> None:
        last = self._memory.tidied_at
        if last is None or now - last >= TIDY_EVERY:
            self._memory.tidied_at = now
            tidy(self._room, now)
            self._room.control.keep_reserve()


def attempt(step: Callable[[datetime], None], now: datetime) -> None:
    """Does a step and logs what kept it from being done."""
    try:
        step(now)
    except RolloutError as error:
        log.error("%s: %s", step.__name__, error)
    except Exception:       # the thread must outlive a bug in one step; the log tells it in full
        log.exception("%s failed", step.__name__)
