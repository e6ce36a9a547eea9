"""What a killed process left half-made in the store's folder: it holds names, and disk that nobody gets back."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

REHEARSALS = "rehearsals"
"""Where rehearsals keep their copies while they last."""

HALF_MADE = (f"{REHEARSALS}/*", "control.sqlite.amending-*", "*.restore.part", "backups/*.part")


def clear_leftovers(directory: Path) -> int:
    """Removes them; how many. Only for the process that has the event store: nobody else is at work in the folder then.
    """
    found = [path for pattern in HALF_MADE for path in directory.glob(pattern)]
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return len(found)
