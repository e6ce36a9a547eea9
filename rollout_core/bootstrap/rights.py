"""Who may read a store: its owner only, whoever made the folder. It holds names, hashes and the trail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077
FILES = ("control.sqlite*", "events.duckdb*", "reserve", "store.key*", "owner.key*", "write.key*", "app.json*",
         "emergency.json*")
FOLDERS = ("backups", "exports", "copies", "rehearsals", "events.duckdb.staging")


def keep_private(directory: Path) -> None:
    """What this process makes from now on is its owner's only, and what lies in the store already becomes so.

    Files of somebody else are left as they are: doctor and the start say when they cannot be used.
    """
    os.umask(OTHERS)
    for path in _of_the_store(directory):
        mode = path.stat(follow_symlinks=False).st_mode
        if mode & OTHERS and not path.is_symlink():
            with suppress(PermissionError):
                path.chmod(mode & 0o7777 & ~OTHERS)


def _of_the_store(directory: Path) -> Iterator[Path]:
    """The store's own files and folders, whatever else lies beside them."""
    for pattern in FILES:
        yield from (path for path in directory.glob(pattern) if path.is_file())
    for name in FOLDERS:
        folder = directory / name
        if folder.is_dir():
            yield folder
            yield from folder.rglob("*")
