"""A reserve on the disk: a file that is freed when the disk is full, so that a pause or a stop still commits."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 4 * 1024 * 1024
"""Room for thousands of verbs; a verb writes about 30 KB to the write-ahead log."""


class Reserve:
    """The reserve file of one store."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> bool:
        """Writes the file in full (a sparse one would reserve nothing); False when the disk has no room for it."""
        if self._path.exists() and self._path.stat().st_size >= RESERVE_BYTES:
            return True
        try:
            with self._path.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def free(self) -> bool:
        """Deletes the file; True when there was one."""
        existed = self._path.exists()
        self._path.unlink(missing_ok=True)
        return existed
