"""The ingest queue: requests wait here for the one thread that writes them together.

Bounded by bytes. A flush takes what came within 200 ms, or 50,000 events, whichever is first, and is one transaction;
only then are its requests answered. The longer a flush takes, the longer the next one gathers: a statement per kind
costs about the same for a hundred events as for a thousand, and in between the pages have the processor. A full queue
and a full disk are refused at once, before anything is waited for. After a fatal store error the waiting requests fail,
the store is reopened, and evaluation goes on all the while.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from logging import getLogger
from math import ceil
from pathlib import Path
from typing import Protocol

from rollout_core.errors import DiskFull, InvalidRequest, QueueFull, RolloutError, StoreError, StoreUnavailable
from rollout_core.metrics.event_checks import Accepted, Rejected
from rollout_core.ports.clock import Clock, SystemClock
from rollout_core.ports.event_store import UNUSABLE, Batch, Prepared, Written
from rollout_core.ports.free_disk import in_words, least_free

log = getLogger("rollout.ingest")

FLUSH_EVENTS = 50_000
FLUSH_SECONDS = 0.2
BUSY_EVENTS = 1_000
RESTS = 8
LONGEST_REST_SECONDS = 0.8
"""After a flush of so many events the next one gathers for so many times as long as that one took, but no longer."""

REOPEN_SECONDS = 1.0
SLOWEST_BYTES_PER_SECOND = 200_000
"""What is assumed of the store's pace before the first flush has shown it."""

FreeSpace = Callable[[Path], tuple[int, int]]


class Writable(Protocol):
    """What the queue needs of the event store."""

    @property
    def usable(self) -> bool:
        """False after a fatal error, until it is opened again."""
        ...

    def write(self, batch: Batch) -> Written:
        """Commits a batch."""
        ...

    def reopen(self) -> None:
        """Opens the file again after a fatal error."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request's events, some of which may be `prepared`, and the future that its sender waits on."""

    accepted: Sequence[Accepted]
    rejected: Sequence[Rejected]
    size_bytes: int
    received_at: datetime
    sender: str
    prepared: Sequence[Prepared] = ()
    done: Future[Written] = field(default_factory=Future)

    @property
    def count(self) -> int:
        """How many events are to be written."""
        return len(self.accepted) + sum(part.count for part in self.prepared)

    def names(self) -> list[tuple[str, str]]:
        """(kind, event_id) of each of them."""
        return [*((each.event.kind.value, each.event.event_id) for each in self.accepted),
                *(name for part in self.prepared for name in part.names())]


def free_space(directory: Path) -> tuple[int, int]:
    """(free, total) bytes of the disk that holds `directory`."""
    usage = shutil.disk_usage(directory)
    return usage.free, usage.total


class IngestWriter:
    """The queue and its thread. `free` is asked for (free, total) bytes of `directory`'s disk."""

    idle_seconds = 5.0
    """When nothing came for so long the thread looks whether the store has to be opened again."""

    def __init__(self, events: Writable, *, queue_bytes: int = 64 << 20, minimum_free_bytes: int | None = None,
                 directory: Path | None = None, clock: Clock | None = None, free: FreeSpace = free_space) -> None:
        self._events = events
        self._queue_bytes = queue_bytes
        self._minimum_free = minimum_free_bytes
        self._directory = directory
        self._clock = clock or SystemClock()
        self._free = free
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._bytes_per_second = float(SLOWEST_BYTES_PER_SECOND)
        self._rest_seconds = FLUSH_SECONDS
        self._changed = threading.Condition()
        self._stopping = False
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="ingest-writer", daemon=True)

    def start(self) -> None:
        """Starts the writing thread."""
        self._thread.start()

    def stop(self) -> None:
        """Writes what is waiting, then ends the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def offer(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected], size_bytes: int, sender: str = "",
              received_at: datetime | None = None, prepared: Sequence[Prepared] = ()) -> Future[Written]:
        """Queues a request. The future is done after the commit, or holds the StoreError that prevented it.

        Raises QueueFull (with retry_after_seconds), DiskFull, StoreUnavailable at once.
        """
        self._check_disk()
        waiting = Waiting(accepted, rejected, size_bytes, received_at or self._clock.now(), sender, prepared)
        with self._changed:
            if self._stopping:
                raise StoreUnavailable("The app is stopping.", mend="Send the events again in a moment.")
            if self._bytes and self._bytes + size_bytes > self._queue_bytes:      # one too large alone may pass
                raise self._full()
            self._queue.append(waiting)
            self._bytes += size_bytes
            self._changed.notify_all()
        return waiting.done

    @property
    def waiting_bytes(self) -> int:
        """How much is waiting to be written."""
        return self._bytes

    def refusal(self) -> StoreError | None:
        """Why no event would be taken now; None when they are."""
        try:
            self._check_disk()
        except StoreError as error:
            return error
        return None

    def _full(self) -> QueueFull:
        seconds = max(1, min(60, ceil(self._bytes / self._bytes_per_second)))
        return QueueFull(f"The ingest queue is full ({self._bytes} bytes are waiting).",
                         mend=f"Send again in {seconds} s.", retry_after_seconds=seconds, waiting_bytes=self._bytes)

    def _check_disk(self) -> None:
        if self._directory is None:
            return
        try:
            free, total = self._free(self._directory)
        except OSError as error:
            raise StoreUnavailable(f"{self._directory} is gone: {error.strerror}.",
                                   mend="Put the store back or restore a backup, then restart the app.") from error
        least = least_free(self._minimum_free, total)
        if free < least:
            raise DiskFull(f"Only {in_words(free)} of disk are free.", retry_after_seconds=60, free_bytes=free,
                           mend=f"Free some space: events are refused below {in_words(least)}; flags, pause and stop "
                                "go on.")

    def _run(self) -> None:
        while (flush := self._next_flush()) is not None:
            if flush:
                self._write(flush)
            else:
                self._look_after()

    def _next_flush(self) -> list[Waiting] | None:
        """Waits for work; nothing when none came for a while, None when stopped and empty."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._queue or self._stopping, self.idle_seconds):
                return []
            deadline = time.monotonic() + self._rest_seconds
            while (sum(waiting.count for waiting in self._queue) < FLUSH_EVENTS and not self._stopping
                   and (left := deadline - time.monotonic()) > 0):
                self._changed.wait(left)
            return self._take() if self._queue else None

    def _take(self) -> list[Waiting]:
        taken: list[Waiting] = []
        events = 0
        while self._queue and (not taken or events + self._queue[0].count <= FLUSH_EVENTS):
            waiting = self._queue.popleft()
            waiting.done.set_running_or_notify_cancel()
            taken.append(waiting)
            events += waiting.count
        return taken

    def _write(self, flush: list[Waiting]) -> None:
        size = sum(waiting.size_bytes for waiting in flush)
        began = time.monotonic()
        try:
            self._mend()
            self._store(flush)
            seconds = max(1e-3, time.monotonic() - began)
            self._bytes_per_second = max(1.0, size / seconds)
            self._rest_seconds = rest_after(seconds, sum(waiting.count for waiting in flush))
        except Exception as error:      # whatever it is, the senders must hear of it and the thread must go on
            self._fail(flush, error)
        finally:
            with self._changed:
                self._bytes -= size

    def _store(self, flush: list[Waiting]) -> None:
        """Stores a flush and answers its requests. One that cannot be turned into rows fails alone."""
        try:
            written = self._events.write(batch_of(flush))
        except UNUSABLE:
            if len(flush) == 1:
                raise
            for waiting in flush:
                try:
                    self._store([waiting])
                except UNUSABLE as error:
                    self._fail([waiting], error)
            return
        for waiting, answer in zip(flush, answers(flush, written), strict=True):
            if not waiting.done.cancelled():        # the sender went away; its events are stored all the same
                waiting.done.set_result(answer)

    def _fail(self, flush: list[Waiting], error: Exception) -> None:
        log.error("A flush of %d requests was not stored: %s", len(flush), error)
        unusable = isinstance(error, UNUSABLE)
        self._broken = isinstance(error, StoreUnavailable) or not (unusable or isinstance(error, RolloutError))
        told = error if isinstance(error, RolloutError) else InvalidRequest(
            "These events cannot be stored as they are.", mend="Sending them again does not help.", cause=str(error),
        ) if unusable else StoreUnavailable(
            "The events could not be stored.", mend="Send them again in a moment.", cause=str(error))
        for waiting in flush:
            if not waiting.done.done():
                waiting.done.set_exception(told)

    def _look_after(self) -> None:
        """Nobody sends anything; pages and sweeps need the store all the same."""
        try:
            self._mend()
        except Exception as error:      # the thread must go on, and try again
            log.error("The event store cannot be opened again yet: %s", error)

    def _mend(self) -> None:
        """Reopens the store after a fatal error, whoever met it. Raises StoreError while that does not work."""
        if self._broken or not self._events.usable:
            time.sleep(REOPEN_SECONDS)
            self._events.reopen()
            self._broken = False
            log.warning("The event store was reopened.")


def rest_after(seconds: float, events: int) -> float:
    """How long the next flush gathers what comes, in seconds, after one of so many events that took so long."""
    return min(max(FLUSH_SECONDS, RESTS * seconds), LONGEST_REST_SECONDS) if events >= BUSY_EVENTS else FLUSH_SECONDS


def batch_of(flush: Sequence[Waiting]) -> Batch:
    """The requests of a flush as one batch."""
    return Batch([accepted for waiting in flush for accepted in waiting.accepted], flush[-1].received_at,
                 [rejected for waiting in flush for rejected in waiting.rejected],
                 sender=", ".join(sorted({waiting.sender for waiting in flush if waiting.sender})),
                 prepared=[part for waiting in flush for part in waiting.prepared])


def answers(flush: Sequence[Waiting], written: Written) -> list[Written]:
    """What became of each request's own events, from what became of them all."""
    if written.stored == sum(waiting.count for waiting in flush):
        return [Written(waiting.count, 0, len(waiting.rejected)) for waiting in flush]
    refused = {letter.event_id for letter in written.refused}
    seen: set[tuple[str, str]] = set(written.known)
    found = []
    for waiting in flush:
        own = waiting.names()
        mine = tuple(letter for letter in written.refused if letter.event_id in {event_id for _, event_id in own})
        sound = [(kind, event_id) for kind, event_id in own if event_id not in refused]
        fresh = set(sound) - seen
        seen |= fresh
        found.append(Written(len(fresh), len(sound) - len(fresh), len(waiting.rejected) + len(mine), False, mine,
                             frozenset(set(sound) - fresh)))
    return found
