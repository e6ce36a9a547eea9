"""Being alone with the event file without opening it: the lock that DuckDB takes on it (fcntl, the whole file)."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rollout_core.errors import StoreLocked, StoreUnavailable

TRY_SECONDS = 0.2


@contextmanager
def alone_with(path: Path, wait_seconds: float, sleep: Callable[[float], object] = time.sleep) -> Iterator[None]:
    """Nobody else has the file open as a store meanwhile, and nobody opens it; a file that is not there is nobody's.

    Not for a process that has the store open itself: the end of the block would give its own lock away (POSIX).
    Raises StoreLocked after `wait_seconds`, StoreUnavailable for a file that may not be written.
    """
    if not path.exists():
        yield
        return
    with _opened(path) as file:
        waited = 0.0
        while not _locked(file.fileno()):
            if waited >= wait_seconds:
                raise StoreLocked(f"The event store {path} is in use by another process (waited {waited:.0f} s).",
                                  mend="Ask the running app, or stop that process.", path=str(path))
            sleep(TRY_SECONDS)
            waited += TRY_SECONDS
        yield


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("r+b")
    except OSError as error:
        raise StoreUnavailable(f"The event store {path} cannot be opened: {error.strerror}.",
                               mend="See that the app's user may write there.", path=str(path)) from error


def _locked(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
