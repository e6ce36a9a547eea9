"""How much free disk events need: what the settings say, else 1 GiB and 5 % of the disk. And a full disk in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from rollout_core.errors import DiskFull, StoreUnavailable

LEAST_BYTES = 1 << 30
LEAST_SHARE = 0.05


def least_free(minimum_bytes: int | None, total_bytes: int) -> int:
    """Below so many free bytes events are refused. `minimum_bytes` None: nobody has said."""
    return max(LEAST_BYTES, int(LEAST_SHARE * total_bytes)) if minimum_bytes is None else minimum_bytes


def in_words(count_bytes: int) -> str:
    """Bytes as people read them."""
    return f"{count_bytes / 2**30:.2f} GiB" if count_bytes >= LEAST_BYTES / 10 else f"{count_bytes / 2**20:.0f} MiB"


@contextmanager
def in_words_of_the_disk(directory: Path) -> Iterator[None]:
    """A block that copies files into `directory`: what the disk refuses comes out as DiskFull or StoreUnavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT, EFBIG}:
            raise DiskFull(f"There is not enough free disk in {directory}.", mend="Free some space and try again.",
                           path=str(directory)) from error
        raise StoreUnavailable(f"{error.filename or directory} cannot be copied: {error.strerror}.",
                               mend="See that the app's user may write there.", path=str(directory)) from error
