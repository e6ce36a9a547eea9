"""Keeps a simulated store alive: while the app runs, its made-up people go on using the product."""

from __future__ import annotations

from logging import getLogger
from threading import Event, Thread

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.errors import RolloutError

log = getLogger("rollout.demo")

FEED_SECONDS = 60.0


class DemoFeeder:
    """A thread that brings the simulated events up to now, once at the start and then every minute."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._done = Event()
        self._thread = Thread(target=self._run, name="demo-feeder", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the step that is under way."""
        self._done.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        from rollout_core.simulation.demo import feed, load_scenarios

        scenarios = load_scenarios(self._room.settings.root / "data" / "demo")
        while True:
            try:
                feed(self._room.room, scenarios, self._room.room.clock.now())
            except RolloutError as error:
                log.error("The simulated store could not be fed: %s", error)
            except Exception:       # the simulation must never take the app down
                log.exception("The simulated store could not be fed")
            if self._done.wait(FEED_SECONDS):
                return


def feeder(room: ControlRoom) -> DemoFeeder | None:
    """The feeder of a simulated store; None for real data."""
    return DemoFeeder(room) if room.settings.demo else None
