"""The control store: plans, rollouts, audit trail, people, register. Small, durable, shared by several processes.

`read()` and `write()` open one transaction each and hand out its repositories. A write transaction is serial with all
others (of every process), becomes durable when its block ends, and leaves nothing behind when the block raises.
Adapters: `rollout_core.storage.control_store.open_control_store` (SQLite) and
`tests.fakes.control_store.FakeControlStore`; one contract suite runs on both.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from rollout_core.ports.control_people import People, SavedQuestions, Sessions, Tokens
from rollout_core.ports.control_procedure import Alerts, Checklist, Issues, Signoffs
from rollout_core.ports.control_rollouts import Epochs, Overrides, Plans, Register, Rollouts
from rollout_core.ports.control_trail import Audit, Decisions, Outbox, Replays
from rollout_core.rollouts.plan import Plan

Answer = TypeVar("Answer")


class PlanReader(Protocol):
    """Turns a plan's document into a Plan (`rollout_core.documents` does); handed to the store when it is opened."""

    def __call__(self, text: str, source: str) -> Plan:
        """Raises InvalidPlan naming every mistake."""
        ...


class Meta(Protocol):
    """Single values by name."""

    def get(self, name: str) -> str | None:
        """None when it was never set."""
        ...

    def set(self, name: str, value: str) -> None:
        """Inserts or replaces."""
        ...


class ControlUnit(Protocol):
    """One transaction: every repository sees and changes the same state."""

    plans: Plans
    rollouts: Rollouts
    epochs: Epochs
    audit: Audit
    alerts: Alerts
    issues: Issues
    decisions: Decisions
    checklist: Checklist
    signoffs: Signoffs
    overrides: Overrides
    people: People
    sessions: Sessions
    tokens: Tokens
    register: Register
    outbox: Outbox
    replays: Replays
    saved_questions: SavedQuestions
    meta: Meta


class ControlStore(Protocol):
    """Opens transactions. Raises DiskFull, StoreLocked, StoreCorrupt, StoreTooNew, StoreUnavailable."""

    def read(self) -> AbstractContextManager[ControlUnit]:
        """A consistent view; nothing is written."""
        ...

    def write(self) -> AbstractContextManager[ControlUnit]:
        """A serial, durable transaction: committed at the end of the block, rolled back when it raises."""
        ...

    def in_place(self) -> bool:
        """False once the store was removed or replaced under this process, which then goes on reading what is gone."""
        ...

    def free_reserve(self) -> bool:
        """Frees the reserved disk space, once: True when there was some. A lowering verb then tries again."""
        ...

    def keep_reserve(self) -> bool:
        """Fills the reserve again after it was freed; False when there is no room for it yet, or none is kept."""
        ...

    def snapshot(self, target: Path) -> None:
        """A consistent copy of the whole store into a new file, while others write."""
        ...

    def replace_with(self, source: Path, amend: Callable[[ControlUnit, ControlUnit], Answer]) -> Answer:
        """Puts a snapshot's content in place of this store's, after `amend(live, copy)` has changed the copy.

        All or nothing; nobody of this process writes meanwhile. Raises StoreCorrupt, StoreTooNew, and StoreLocked when
        another process wrote meanwhile.
        """
        ...

    def check(self) -> tuple[str, ...]:
        """What an integrity check found wrong; empty when the store is sound."""
        ...

    def close(self) -> None:
        """Releases connections."""
        ...
