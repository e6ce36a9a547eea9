"""What keeps a user's query from starving the app: a turn to wait for, and a watch that stops it.

DuckDB limits memory for the whole instance only, and strings built by scalar functions are not counted by it at all. So
a thread beside each query looks at the clock, at whether somebody called the query off, and at how much this process
has grown since the query began, blocks of the database's file that DuckDB keeps at hand set aside.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import duckdb

from rollout_core.errors import QueryRefused, QueryStopped
from rollout_core.storage.event_database import EventDatabase

LOOK_EVERY_SECONDS = 0.02
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""Queries of users that run at the same time; each keeps a core busy."""
WAIT_SECONDS = 10.0
MOST_GROWTH = min(2 * 1024**3, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
"""Bytes that this process may grow by while one query runs."""

_STATM = Path("/proc/self/statm")
_TURNS = threading.BoundedSemaphore(AT_ONCE)


class Stopped(StrEnum):
    """Why a query was stopped."""

    LATE = "late"
    CALLED_OFF = "called off"
    LARGE = "large"


@contextmanager
def turn(called_off: threading.Event | None) -> Iterator[None]:
    """A block that runs when it is this query's turn. Raises QueryRefused when others take too long or it was called
    off while it waited."""
    until = time.monotonic() + WAIT_SECONDS
    while not _TURNS.acquire(timeout=0.1):
        if called_off is not None and called_off.is_set():
            raise refusal(Stopped.CALLED_OFF, 0.0)
        if time.monotonic() > until:
            raise QueryRefused("Other queries are running.", mend="Ask again when they are done, in some seconds.")
    try:
        yield
    finally:
        _TURNS.release()


class Watch:
    """Interrupts `cursor` once the query is late, called off or too large; `stopped` then says which it was."""

    def __init__(self, database: EventDatabase, cursor: duckdb.DuckDBPyConnection, seconds: float,
                 called_off: threading.Event | None) -> None:
        self.stopped: Stopped | None = None
        self._database, self._cursor, self._seconds = database, cursor, seconds
        self._called_off = called_off or threading.Event()
        self._done = threading.Event()
        self._size = own_size()
        self._thread = threading.Thread(target=self._run, name="query-watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        until = time.monotonic() + self._seconds
        at_hand = kept_blocks(self._database)
        while not self._done.wait(LOOK_EVERY_SECONDS):
            self.stopped = self.stopped or self._reason(until, at_hand)
            if self.stopped is not None:
                self._cursor.interrupt()           # again and again: one between two steps of the query is lost

    def _reason(self, until: float, at_hand: int) -> Stopped | None:
        if self._called_off.is_set():
            return Stopped.CALLED_OFF
        if time.monotonic() > until:
            return Stopped.LATE
        grown = own_size() - self._size
        if grown > MOST_GROWTH and grown - (kept_blocks(self._database) - at_hand) > MOST_GROWTH:
            return Stopped.LARGE
        return None


def refusal(why: Stopped, seconds: float) -> QueryStopped:
    """What to tell whoever asked."""
    said: dict[Stopped, Callable[[], QueryStopped]] = {
        Stopped.CALLED_OFF: lambda: QueryStopped("The query was called off.", mend="Nothing was changed."),
        Stopped.LATE: lambda: QueryStopped(
            f"The query took longer than {seconds:g} s and was stopped.",
            mend="Narrow it by time, or read hours and histograms instead of events."),
        Stopped.LARGE: lambda: QueryStopped(
            f"The query needed more than {MOST_GROWTH / 1024**3:.1f} GiB of memory and was stopped.",
            mend="Ask for fewer rows or groups; a copy of the store in a notebook has no such limit."),
    }
    return said[why]()


def own_size() -> int:
    """Bytes of memory that this process has now; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def kept_blocks(database: EventDatabase) -> int:
    """Bytes of the database's own blocks that DuckDB keeps in memory."""
    with database.cursor() as cursor:
        found = cursor.execute("SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory() "
                               "WHERE tag = 'BASE_TABLE'").fetchall()
    return int(found[0][0])
