"""Connections to the control database: SQLite in WAL mode with full synchronisation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from rollout_core.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked, StoreUnavailable

BUSY_TIMEOUT_MS = 10_000
"""How long a transaction waits for another process's before it gives up."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA secure_delete=ON", "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-16000",
)
"""secure_delete overwrites what is deleted: a forgotten subject's name does not linger in free pages."""

RESTORE_ANEW = ("Stop the app, move control.sqlite with its -wal and -shm files aside, then `rollout restore "
                "DIRECTORY`: a restore needs a sound store to put the backup into.")

_FAULTS: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_FULL: (DiskFull, "The disk is full: the control database could not write.", "Free some disk space."),
    sqlite3.SQLITE_BUSY: (StoreLocked, "Another process is writing to the control database.",
                          "Try again; if it stays, see which process hangs with `rollout doctor`."),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "The control database is locked.", "Try again."),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "The control database is damaged.", RESTORE_ANEW),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "The control database's file is not a database.",
                            RESTORE_ANEW),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "The control database may not be written.",
                              "Give this user write permission on the store's directory."),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "The control database cannot be opened.",
                              "See that the store's directory exists and may be written."),
}


def open_engine(file: Path) -> Engine:
    """An engine on a file that exists (an empty one is an empty database); no connection is made yet.

    A file that is removed or replaced later is not opened by the next connection: that raises StoreCorrupt.
    """
    path = file.resolve()
    first = identity_of(path)

    def connect() -> sqlite3.Connection:
        if first is not None and identity_of(path) != first:
            raise removed(path)
        return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_MS / 1000,
                               check_same_thread=False)
    engine = create_engine(f"sqlite:///{path}", creator=connect)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def identity_of(path: Path) -> tuple[int, int] | None:
    """(device, inode) of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def removed(path: Path) -> StoreCorrupt:
    """Says that the file at its path is not the one that was opened."""
    return StoreCorrupt(f"The control database {path} was removed or replaced while it is in use: nothing is recorded "
                        "any more.",
                        mend="`rollout backup` still saves what it holds; then put a store in its place and restart "
                             "the app.", path=str(path))


def _prepare(connection: Any, _record: object) -> None:
    """Takes transaction control from the driver and sets the pragmas of every connection."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Begins as the connection's options say: a writer takes the write lock at once, never in the middle."""
    writes = connection.get_execution_options().get("rollout_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """One transaction on a connection of its own; errors of the database come out as StoreErrors."""
    options = {"rollout_writes": writes}
    with translated(engine), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turns errors of the driver into StoreErrors that say what to do."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise store_error(error, str(engine.url.database)) from error


def store_error(error: Exception, where: str) -> StoreError:
    """The StoreError for a driver's error; `where` is the file or database."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    unknown = (StoreUnavailable, f"The control database failed: {origin}.", "")
    kind, what, mend = _FAULTS.get((code or 0) & 0xFF, unknown)
    return kind(what, mend=mend, store=where, detail=str(origin))
