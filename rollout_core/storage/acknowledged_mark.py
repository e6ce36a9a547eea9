"""The number of the last acknowledged batch, kept beside the store: how a damaged log is noticed.

DuckDB takes a log entry whose length reaches beyond the end for one that was never finished, and drops it and all that
follows without a word. That is right after a crash and wrong after a flipped byte; only somebody who remembers what was
acknowledged can tell them apart. Written after each commit without waiting for the disk: it survives a killed process,
and after a power cut it is at worst behind, never ahead.
"""

from __future__ import annotations

import os
from pathlib import Path

_BYTES = 8


class AcknowledgedMark:
    """`<store>.acknowledged`: one number. `path` None (a store in memory) remembers nothing."""

    def __init__(self, store: Path | None) -> None:
        self._file: int | None = None
        if store is not None:
            path = store.with_name(store.name + ".acknowledged")
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> int:
        """The number, 0 when there is none."""
        return 0 if self._file is None else int.from_bytes(os.pread(self._file, _BYTES, 0), "little")

    def write(self, number: int) -> None:
        """Remembers a number."""
        if self._file is not None:
            os.pwrite(self._file, number.to_bytes(_BYTES, "little"), 0)

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
