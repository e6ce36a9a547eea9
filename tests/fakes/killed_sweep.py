"""A sweep in a process of its own that dies by SIGKILL at a point inside its step: `python -m … STORE POINT`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from rollout_core.bootstrap.opening import open_room
from rollout_core.control.sweep import Sweep, sweep
from rollout_core.people.actor import AUTOPILOT
from rollout_core.ports.room import Room
from rollout_core.settings import read_settings
from rollout_core.simulation.demo import MadeClock
from tests.fakes.swept_store import KEY, NOW

POINTS = ("rollouts.save", "epochs.add", "audit.append", "alerts.find", "outbox.add", "decisions.append", "commit")
"""Right after the first call of this kind within the step's transaction; "commit": right after it was committed."""


def die() -> None:
    """What no handler sees."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Watched:
    """Passes everything on and dies after the chosen call."""

    inner: Any
    path: str
    called: Callable[[str], None]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        path = f"{self.path}.{name}".lstrip(".")
        if not callable(found):
            return Watched(found, path, self.called)

        def passed(*words: Any, **named: Any) -> Any:
            answer = found(*words, **named)
            self.called(path)
            return answer
        return passed


class KillingStore:
    """A control store that kills its process at a point."""

    def __init__(self, inner: Any, point: str) -> None:
        self.inner, self.point, self.stepping = inner, point, False

    @contextmanager
    def write(self) -> Iterator[Any]:
        self.stepping = False
        with self.inner.write() as unit:
            yield Watched(unit, "", self._called)
        if self.stepping and self.point == "commit":
            die()

    def _called(self, path: str) -> None:
        self.stepping |= path == "rollouts.save"
        if path == self.point:
            die()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def room_of(store: str) -> tuple[Room, Callable[[], None]]:
    """The store a minute after NOW, and how to close it."""
    opened = open_room(read_settings({"ROLLOUT_STORE": store}))
    return replace(opened.room, clock=MadeClock(NOW + timedelta(minutes=1))), opened.close


def main() -> None:
    """Sweeps once. Ends normally only when the point was never reached."""
    store, point = sys.argv[1:]
    room, close = room_of(store)
    room = replace(room, control=KillingStore(room.control, point))  # type: ignore[arg-type]
    sweep(room, AUTOPILOT, Sweep(KEY))
    close()


if __name__ == "__main__":
    main()
