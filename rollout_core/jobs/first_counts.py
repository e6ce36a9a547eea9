"""Counts once after the start what pages ask about people, so that nobody waits for it. One thread, one at a time.

What people did on settled days is remembered in memory (decision 45), so the first look after a start counts all of it:
seconds over millions of events. Here these questions are asked before anybody asks them; a page that comes meanwhile
waits for the count under way instead of beginning its own (ports/answer_memory.py). The thread has the priority of all
others: one that yields to them would keep Python's lock from them while it waits for its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from logging import getLogger
from time import monotonic
from typing import Any

from rollout_core.errors import RolloutError
from rollout_core.insight import QUESTIONS
from rollout_core.insight.adoption import AdoptionRequest
from rollout_core.insight.business import BusinessRequest
from rollout_core.insight.look import look
from rollout_core.insight.report import ReportRequest
from rollout_core.insight.scene import scenes
from rollout_core.ports.room import Room

log = getLogger("rollout.first_counts")

PATIENCE_SECONDS = 120.0
"""After that it counts, however far windows are closed."""
LOOK_SECONDS = 1.0
"""How often it looks whether it is to end."""


class FirstCounts:
    """Asks each question once, as soon as `after` is set: when the first pass has closed all windows."""

    def __init__(self, room: Room, after: threading.Event, *, patience_seconds: float = PATIENCE_SECONDS,
                 ask: Callable[[str, Any], object] | None = None) -> None:
        self._room, self._after, self._patience = room, after, patience_seconds
        self._ask = ask or (lambda name, request: QUESTIONS[name].answer(look(room), request))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="first-counts", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the question that is under way."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def _run(self) -> None:
        until = monotonic() + self._patience
        while not self._after.wait(min(LOOK_SECONDS, max(0.0, until - monotonic()))):
            if self._done.is_set():
                return
            if monotonic() >= until:
                break
        self._count()

    def _count(self) -> None:
        try:
            for name, request in first_questions(self._room):
                if self._done.is_set():
                    return
                self._ask(name, request)
        except RolloutError as error:
            log.warning("The first counts were not made, the first page makes them: %s", error)
        except Exception:       # a page says it in its place; nothing depends on this thread
            log.exception("The first counts were not made, the first page makes them.")


def first_questions(room: Room) -> Iterator[tuple[str, Any]]:
    """(question, request) of the pages that count people, as they open, for every rollout that was started."""
    started = [each.rollout.key for each in scenes(room) if each.rollout.started_at is not None]
    for key in started:
        yield "adoption", AdoptionRequest(key, "rollout")
        yield "business", BusinessRequest(key, "rollout")
        yield "report", ReportRequest(key)
