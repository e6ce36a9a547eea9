"""The event store's file: one DuckDB instance per process, one cursor per operation, everything in UTC.

DuckDB lets one process in at a time, so opening waits a while for the lock and then names the holder. The engine on
top of the same instance serves DDL and reflection; Arrow goes through native cursors. User SQL runs in the same
instance, so the instance itself is fenced: no file but the database and its staging directory can be reached, and the
fence cannot be taken down again (`lock_configuration`).
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import sqlalchemy
from duckdb_sqlalchemy import ConnectionWrapper
from sqlalchemy.pool import NullPool

from rollout_core.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked, StoreTooNew, StoreUnavailable
from rollout_core.storage.event_migrations import migrate

LOCK_WAIT_SECONDS = 10.0
CHECKPOINT_AT = "128MB"
"""Size of the log at which it is worked into the file, some million events. Each time the last row group of every kind
is compressed anew, so that half as much costs half as much again per event; and after a killed process the log is read
at the start, 1.6 CPU seconds at this size."""

THREADS = max(1, (os.cpu_count() or 2) // 2)
"""Half of the cores: the others serve pages and evaluations. Operations run beside each other anyway, and splitting a
batch of 10,000 events over two threads doubles its CPU time."""
MACHINE_BYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
MOST_SPILL = 16 * 1024**3
"""Bytes that may be put on disk while queries run and days are closed (a day of 10 million events takes some 9 GB less
what memory holds), and never more than a quarter of what is free then: a user's query must not fill the disk that
events need."""

_HOLDER = re.compile(r"\(PID (\d+)\)")
_NEWER = re.compile(r"newer version|version number|newer DuckDB", re.IGNORECASE)


class EventDatabase:
    """Holds the instance. `path` None is a database in memory (tests, rehearsals)."""

    def __init__(self, path: Path | None, *, wait_seconds: float = LOCK_WAIT_SECONDS,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self.path = path
        self.staging = path.with_name(path.name + ".staging") if path is not None else None
        self._wait_seconds = wait_seconds
        self._sleep = sleep
        self._guard = threading.Lock()
        self._instance: duckdb.DuckDBPyConnection | None = None
        self._invalid = False
        self.open()

    def open(self) -> None:
        """Opens and migrates. Raises StoreLocked, StoreCorrupt, StoreTooNew, DiskFull."""
        instance = self._connect()
        try:
            engine = sqlalchemy.create_engine(
                "duckdb://", creator=lambda: ConnectionWrapper(instance.cursor()), poolclass=NullPool)
            _fence(instance, self.path, self.staging)
            migrate(engine, comments=self.path is not None)      # nobody reads those of a store in memory
        except StoreError:
            instance.close()
            raise
        except (duckdb.Error, sqlalchemy.exc.DBAPIError, OSError) as error:
            instance.close()
            raise _unreadable(self.path, error) from error
        self.engine = engine
        self._instance, self._invalid = instance, False
        self._inode = self.path.stat().st_ino if self.path is not None else None

    @property
    def in_place(self) -> bool:
        """False once the file that is open is not the one at its path: what is written then is gone at the end."""
        try:
            return self.path is None or self.path.stat().st_ino == self._inode
        except OSError:
            return False

    @property
    def usable(self) -> bool:
        """False after a fatal error, until the file is opened again."""
        return self._instance is not None and not self._invalid

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one operation. Raises StoreUnavailable when closed or broken, DiskFull."""
        with self._guard:
            instance = self._instance
            if instance is None:
                raise StoreUnavailable("The event store is not open.", mend="It is being reopened; try again.")
            cursor = instance.cursor()
        try:
            yield cursor
        except duckdb.Error as error:
            told = self._told(error, instance)
            if told is None:
                raise
            raise told from error
        finally:
            cursor.close()

    def _told(self, error: duckdb.Error, instance: duckdb.DuckDBPyConnection) -> StoreError | None:
        """What an error of the instance says about the store; None when it is about the statement only."""
        if self._instance is not instance:          # whoever was at work while it was closed, a count left behind
            return StoreUnavailable("The event store was closed meanwhile.", mend="Try again.", cause=str(error))
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            self._invalid = True
        elif isinstance(error, duckdb.TransactionException):
            if not _no_room(error):                 # a commit that found none: it is undone, and the store goes on
                return None
        elif not isinstance(error, duckdb.IOException):
            return None
        return _broken(error)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor inside one transaction: committed on leaving, rolled back on any error."""
        with self.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise

    def close(self) -> None:
        """Checkpoints (the WAL disappears) and lets go of the file. Safe to call twice."""
        with self._guard:
            instance, self._instance = self._instance, None
        if instance is not None:
            instance.close()

    def reopen(self) -> None:
        """Closes what is left of the instance and opens the file again."""
        try:
            self.close()
        except duckdb.Error:
            self._instance = None
        self.open()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self.path is None:
            return duckdb.connect(":memory:")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        waited = 0.0
        while True:
            try:
                return duckdb.connect(str(self.path))
            except duckdb.Error as error:
                if "lock" not in str(error).lower():
                    raise _unreadable(self.path, error) from error
                if waited >= self._wait_seconds:
                    raise _locked(self.path, error, waited) from error
            self._sleep(0.2)
            waited += 0.2


def _fence(instance: duckdb.DuckDBPyConnection, path: Path | None, staging: Path | None) -> None:
    """Settings of the instance, then no more settings."""
    instance.execute("SET GLOBAL TimeZone = 'UTC'")
    instance.execute(f"SET GLOBAL threads = {THREADS}")
    instance.execute(f"SET GLOBAL checkpoint_threshold = '{CHECKPOINT_AT}'")
    instance.execute("SET GLOBAL autoinstall_known_extensions = false")
    instance.execute("SET GLOBAL python_enable_replacements = false")      # no table is a Python variable
    instance.execute(f"SET GLOBAL memory_limit = '{memory_limit()}B'")
    if path is not None and staging is not None:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        instance.execute("SET GLOBAL temp_directory = ?", [str(staging / "spill")])
        spill = min(MOST_SPILL, shutil.disk_usage(staging).free // 4)
        instance.execute(f"SET GLOBAL max_temp_directory_size = '{spill}B'")
        quoted = str(staging).replace("'", "''")
        instance.execute(f"SET GLOBAL allowed_directories = ['{quoted}']")
    instance.execute("SET GLOBAL enable_external_access = false")
    instance.execute("SET GLOBAL lock_configuration = true")


def memory_limit(machine: int = MACHINE_BYTES) -> int:
    """A quarter of the machine's memory, but a GiB where that is no more than half, bytes. DuckDB takes all it is given
    for the file's blocks and for the tables of a day that is closed; what is beyond goes to disk at a tenth more CPU,
    and what it has pages have not."""
    return max(machine // 4, min(1024**3, machine // 2))


def _broken(error: duckdb.Error) -> StoreError:
    """A full disk, or a fatal error after which DuckDB refuses further work."""
    if _no_room(error):
        return DiskFull("The disk is full.", mend="Free some space; flags, pause and stop go on working.",
                        cause=str(error), retry_after_seconds=60)
    return StoreUnavailable("The event store stopped after a fatal error.",
                            mend="It is reopened by itself; `rollout doctor` tells more if it does not.",
                            cause=str(error))


def _no_room(error: Exception) -> bool:
    return "No space left" in str(error) or "could not write" in str(error).lower()


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):          # often gone already: DuckDB ends it by itself on most errors
        cursor.execute("ROLLBACK")


def _locked(path: Path, error: duckdb.Error, waited: float) -> StoreLocked:
    found = _HOLDER.search(str(error))
    holder = int(found.group(1)) if found else None
    who = f"process {holder}" if holder else "another process"
    return StoreLocked(f"The event store {path} is in use by {who} (waited {waited:.0f} s).",
                       mend="Ask the running app (the command line does so by itself), or stop that process.",
                       holder_pid=holder, path=str(path))


def _unreadable(path: Path | None, error: Exception) -> StoreError:
    text = str(error)
    if _no_room(error):
        return DiskFull(f"The event store {path} cannot be opened: the disk is full.", retry_after_seconds=60,
                        mend="Free some space; flags, pause and stop go on working.", cause=text)
    if _NEWER.search(text):
        return StoreTooNew(f"The event store {path} was written by a newer version of DuckDB.",
                           mend="Update this installation; nothing was changed.", cause=text)
    wal = path.with_name(path.name + ".wal") if path is not None else None
    if wal is not None and "WAL" in text and wal.exists():
        return StoreCorrupt(
            f"The newest events of {path} (its write-ahead log) cannot be read.",
            mend=f"Restore the last backup; or move {wal.name} aside and start again, which loses the events since "
                 "the last checkpoint and nothing before it.", cause=text, wal=str(wal))
    return StoreCorrupt(f"The event store {path} cannot be read.",
                        mend="Restore the last backup (`rollout restore`); or move the file aside to start with an "
                             "empty one. Flags, control and audit live in control.sqlite and go on.", cause=text)
