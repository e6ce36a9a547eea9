"""The control store's SQL adapter: transactions over the repositories, copies, integrity."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TypeVar, cast

from sqlalchemy import Connection, Engine

from rollout_core.errors import StoreLocked, StoreUnavailable
from rollout_core.ports import control_people, control_procedure, control_rollouts, control_trail
from rollout_core.ports.control_store import ControlUnit, Meta, PlanReader
from rollout_core.ports.free_disk import in_words_of_the_disk
from rollout_core.storage.control_alerts import SqlAlerts, SqlIssues
from rollout_core.storage.control_audit import SqlAudit
from rollout_core.storage.control_engine import (
    BUSY_TIMEOUT_MS,
    identity_of,
    open_engine,
    removed,
    transaction,
    translated,
)
from rollout_core.storage.control_meta import SqlMeta
from rollout_core.storage.control_migrations import migrate
from rollout_core.storage.control_people import SqlPeople, SqlReplays, SqlSessions, SqlTokens
from rollout_core.storage.control_plans import PlanCache, SqlPlans
from rollout_core.storage.control_procedure import SqlChecklist, SqlDecisions, SqlOutbox, SqlSignoffs
from rollout_core.storage.control_questions import SqlSavedQuestions
from rollout_core.storage.control_register import SqlRegister
from rollout_core.storage.control_reserve import Reserve
from rollout_core.storage.control_rollouts import SqlEpochs, SqlOverrides, SqlRollouts
from rollout_core.storage.control_snapshot import check_snapshot, copy_in, copy_out, data_version

Answer = TypeVar("Answer")
PRIVATE = 0o600
AMENDING = "control.sqlite.amending-"
"""How the folders begin in which a restore prepares its copy; one that is left is of a process that was killed."""



class SqlControlUnit:
    """The repositories of one transaction."""

    plans: control_rollouts.Plans
    rollouts: control_rollouts.Rollouts
    epochs: control_rollouts.Epochs
    overrides: control_rollouts.Overrides
    audit: control_trail.Audit
    decisions: control_trail.Decisions
    alerts: control_procedure.Alerts
    issues: control_procedure.Issues
    checklist: control_procedure.Checklist
    signoffs: control_procedure.Signoffs
    people: control_people.People
    sessions: control_people.Sessions
    tokens: control_people.Tokens
    register: control_rollouts.Register
    outbox: control_trail.Outbox
    replays: control_trail.Replays
    saved_questions: control_people.SavedQuestions
    meta: Meta

    def __init__(self, connection: Connection, plans: PlanCache) -> None:
        self.plans = SqlPlans(connection, plans)
        self.rollouts, self.epochs, self.overrides = (
            SqlRollouts(connection), SqlEpochs(connection), SqlOverrides(connection))
        self.audit, self.decisions = SqlAudit(connection), SqlDecisions(connection)
        self.alerts, self.issues = SqlAlerts(connection), SqlIssues(connection)
        self.checklist, self.signoffs = SqlChecklist(connection), SqlSignoffs(connection)
        self.people, self.sessions, self.tokens = SqlPeople(connection), SqlSessions(connection), SqlTokens(connection)
        self.register, self.outbox, self.meta = SqlRegister(connection), SqlOutbox(connection), SqlMeta(connection)
        self.replays, self.saved_questions = SqlReplays(connection), SqlSavedQuestions(connection)


class SqlControlStore:
    """See `rollout_core.ports.control_store.ControlStore`. Safe for several threads and several processes."""

    def __init__(self, engine: Engine, plan_reader: PlanReader, reserve: Reserve | None) -> None:
        self._engine, self._reserve = engine, reserve
        self._path = Path(str(engine.url.database))
        self._file = identity_of(self._path)
        self._plans = PlanCache(plan_reader)
        self._turn = Lock()

    @contextmanager
    def read(self) -> Iterator[ControlUnit]:
        """A consistent view."""
        with transaction(self._engine, writes=False) as connection:
            yield SqlControlUnit(connection, self._plans)

    @contextmanager
    def write(self) -> Iterator[ControlUnit]:
        """A serial, durable transaction. The threads of this process take turns fairly, without polling the file.

        Raises StoreCorrupt when the file was removed or replaced: what is written there is gone with the process.
        """
        if not self.in_place():
            raise removed(self._path)
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise StoreLocked("Another change is still being written.", mend="Try again.")
        try:
            with transaction(self._engine, writes=True) as connection:
                yield SqlControlUnit(connection, self._plans)
        finally:
            self._turn.release()

    def in_place(self) -> bool:
        """True while the file is the one that was opened."""
        return identity_of(self._path) == self._file

    def free_reserve(self) -> bool:
        """Frees the reserved disk space."""
        return self._reserve is not None and self._reserve.free()

    def keep_reserve(self) -> bool:
        """Fills it again."""
        return self._reserve is not None and self._reserve.fill()

    def snapshot(self, target: Path) -> None:
        """Copies page by page through SQLite's backup interface; writers go on meanwhile."""
        with self._raw() as source, translated(self._engine):
            copy_out(source, target)

    def replace_with(self, source: Path, amend: Callable[[ControlUnit, ControlUnit], Answer]) -> Answer:
        """Amends a copy of the snapshot, then puts it over this store in one transaction of SQLite's backup interface.
        """
        check_snapshot(source)
        aside = self._path.parent
        with (in_words_of_the_disk(aside), self._turn, self._raw() as live, self._raw() as watching,
              TemporaryDirectory(prefix=AMENDING, dir=aside) as folder):
            before = data_version(watching)
            copy = Path(folder) / "control.sqlite"
            copyfile(source, copy)
            answer = self._amended(copy, amend)
            with translated(self._engine):
                copy_in(copy, live, lambda: _check_untouched(watching, before))
        self._engine.dispose()
        return answer

    def _amended(self, copy: Path, amend: Callable[[ControlUnit, ControlUnit], Answer]) -> Answer:
        """The copy brought to this version and amended, in one file without a log beside it."""
        engine = open_engine(copy)
        try:
            prepare(engine)
            with self.read() as live, transaction(engine, writes=True) as connection:
                answer = amend(live, SqlControlUnit(connection, self._plans))
            with transaction(engine, writes=False) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return answer
        finally:
            engine.dispose()

    def check(self) -> tuple[str, ...]:
        """SQLite's own integrity check."""
        with transaction(self._engine, writes=False) as connection:
            rows = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
        return () if rows == ["ok"] else tuple(rows)

    def close(self) -> None:
        """Releases connections."""
        self._engine.dispose()

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        """The driver's connection, for the backup interface."""
        pooled = self._engine.raw_connection()
        try:
            yield cast("sqlite3.Connection", pooled.driver_connection)
        finally:
            pooled.close()


def _check_untouched(watching: sqlite3.Connection, before: int) -> None:
    """Raises StoreLocked when somebody else has written since: their change would be gone without a word."""
    if data_version(watching) != before:
        raise StoreLocked("Another process changed the control store meanwhile.", mend="Try again.")


def _make_file(path: Path) -> None:
    """The file, readable by its owner only; SQLite gives its log files the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=PRIVATE)
    except OSError as error:
        raise StoreUnavailable(f"The control database {path} cannot be written: {error.strerror}.",
                               mend="Give this user write permission on the store's directory.",
                               path=str(path)) from error


def open_control_store(file: Path, plan_reader: PlanReader, *, reserve: Path | None = None) -> SqlControlStore:
    """Opens (makes, migrates) the store in a file; fills the reserve file.

    Raises StoreTooNew, StoreLocked, DiskFull, StoreUnavailable.
    """
    _make_file(file)
    engine = open_engine(file)
    prepare(engine)
    keep = Reserve(reserve) if reserve is not None else None
    if keep is not None:
        keep.fill()
    return SqlControlStore(engine, plan_reader, keep)


def prepare(engine: Engine) -> None:
    """Makes or migrates the tables; two processes that start at once take turns."""
    try:
        with transaction(engine, writes=True) as connection:
            migrate(connection)
    except Exception:
        engine.dispose()
        raise
