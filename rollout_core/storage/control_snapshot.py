"""Copies of the control database through SQLite's backup interface, while other connections and processes write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rollout_core.errors import StoreCorrupt, StoreTooNew
from rollout_core.storage.control_migrations import CURRENT_VERSION, SCHEMA_VERSION

STEP_PAGES = 1_000
"""Pages copied between two breaths: about 4 MB."""


def copy_out(live: sqlite3.Connection, target: Path) -> None:
    """A consistent copy in `target`, which appears whole or not at all."""
    copying = target.with_name(target.name + ".part")
    copying.unlink(missing_ok=True)
    with closing(sqlite3.connect(copying)) as copy:
        live.backup(copy, pages=STEP_PAGES, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")
    with copying.open("rb") as file:
        os.fsync(file.fileno())
    copying.rename(target)


def copy_in(source: Path, live: sqlite3.Connection, check: Callable[[], None]) -> None:
    """Puts a copy's content in place of the live database's, in one transaction of SQLite.

    `check` is asked once that transaction has begun, when nobody else can write any more: what it raises undoes it.
    """
    def began(status: int, remaining: int, total: int) -> None:
        if remaining == total - 1:
            check()

    with closing(_read_only(source)) as copy:
        copy.backup(live, pages=1, progress=began)


def check_snapshot(path: Path) -> None:
    """Raises StoreCorrupt when a file is no sound control database, StoreTooNew when a newer program wrote it."""
    if not path.is_file():
        raise StoreCorrupt(f"There is no file {path}.", mend="Name a backup's control database.", path=str(path))
    try:
        with closing(_read_only(path)) as copy:
            faults = [row[0] for row in copy.execute("PRAGMA integrity_check(5)")]
            version = copy.execute("SELECT value FROM meta WHERE name = ?", (SCHEMA_VERSION,)).fetchone()
    except sqlite3.Error as error:
        raise StoreCorrupt(f"{path} is not a control database: {error}.", mend="Name another backup.",
                           path=str(path)) from error
    if faults != ["ok"] or version is None:
        raise StoreCorrupt(f"{path} is damaged.", mend="Name another backup.", path=str(path), faults=faults)
    if int(version[0]) > CURRENT_VERSION:
        raise StoreTooNew(f"{path} has version {version[0]}; this program knows versions up to {CURRENT_VERSION}.",
                          mend="Restore it with the newer program.", version=int(version[0]), known=CURRENT_VERSION)


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot change the file."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def data_version(live: sqlite3.Connection) -> int:
    """A number that differs once another connection has changed the database (PRAGMA data_version)."""
    return int(live.execute("PRAGMA data_version").fetchone()[0])
