"""A control store in memory that keeps the promises of the port: all or nothing, serial, audit chain, merging register.

Tables are plain dicts; a write works on copies and swaps them in at the end. Values are frozen, so shallow copies do.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from rollout_core.errors import StoreCorrupt
from tests.fakes.fake_control_people import FakePeople, FakeSavedQuestions, FakeSessions, FakeTokens
from tests.fakes.fake_control_procedure import FakeAlerts, FakeChecklist, FakeIssues, FakeSignoffs
from tests.fakes.fake_control_rollouts import FakeEpochs, FakeOverrides, FakePlans, FakeRegister, FakeRollouts
from tests.fakes.fake_control_trail import FakeAudit, FakeDecisions, FakeOutbox, FakeReplays

Tables = dict[str, dict[Any, Any]]


class FakeMeta:
    def __init__(self, rows: dict) -> None:
        self.rows = rows

    def get(self, name):
        return self.rows.get(name)

    def set(self, name, value):
        self.rows[name] = value


class FakeUnit:
    """All repositories over one set of tables."""

    def __init__(self, tables: Tables, reader: Callable) -> None:
        self.plans, self.rollouts = FakePlans(tables["plans"], reader), FakeRollouts(tables["rollouts"])
        self.epochs, self.overrides = FakeEpochs(tables["epochs"]), FakeOverrides(tables["overrides"])
        self.audit = FakeAudit(tables["audit"], tables["names"])
        self.alerts, self.issues = FakeAlerts(tables["alerts"], tables["steps"]), FakeIssues(tables["issues"])
        self.decisions, self.signoffs = FakeDecisions(tables["decisions"]), FakeSignoffs(tables["signoffs"])
        self.checklist = FakeChecklist(tables["ticks"], tables["waivers"])
        self.people, self.sessions = FakePeople(tables["people"], tables["links"]), FakeSessions(tables["sessions"])
        self.tokens, self.outbox = FakeTokens(tables["tokens"]), FakeOutbox(tables["outbox"])
        self.register = FakeRegister(tables["register"], tables["removed"], tables["counter"])
        self.replays, self.meta = FakeReplays(tables["replays"]), FakeMeta(tables["meta"])
        self.saved_questions = FakeSavedQuestions(tables["questions"])


class FakeControlStore:
    """`fail_with`: an error that every write raises while it is set (a full disk, a locked file)."""

    def __init__(self, plan_reader: Callable) -> None:
        self._tables: Tables = defaultdict(dict)
        self._reader, self._turn = plan_reader, RLock()
        self.fail_with: Exception | None = None
        self.reserve = False

    @contextmanager
    def read(self) -> Iterator[FakeUnit]:
        yield FakeUnit(self._copy(), self._reader)

    @contextmanager
    def write(self) -> Iterator[FakeUnit]:
        with self._turn:
            if self.fail_with is not None:
                raise self.fail_with
            tables = self._copy()
            yield FakeUnit(tables, self._reader)
            self._tables = tables

    def in_place(self) -> bool:
        return True

    def free_reserve(self) -> bool:
        freed, self.reserve = self.reserve, False
        if freed:
            self.fail_with = None
        return freed

    def keep_reserve(self) -> bool:
        self.reserve = True
        return True

    def snapshot(self, target: Path) -> None:
        target.write_bytes(pickle.dumps({name: dict(rows) for name, rows in self._tables.items()}))

    def replace_with(self, source: Path, amend: Callable) -> Any:
        with self._turn:
            try:
                tables = defaultdict(dict, pickle.loads(source.read_bytes()))
            except (OSError, pickle.UnpicklingError, EOFError) as error:
                raise StoreCorrupt(f"{source} is no control store.") from error
            answer = amend(FakeUnit(self._copy(), self._reader), FakeUnit(tables, self._reader))
            self._tables = tables
            return answer

    def check(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing to release."""

    def _copy(self) -> Tables:
        return defaultdict(dict, {name: dict(rows) for name, rows in self._tables.items()})
