"""Plans, rollouts, epochs, overrides and the population register: what is served to whom.

Repositories of the control store; see `rollout_core.ports.control_store`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from rollout_core.flags.override import Override
from rollout_core.flags.targeting import AttributeValue
from rollout_core.ports.control_records import PlanText, PlanVersion, RegisterChange, Subject
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout


class Plans(Protocol):
    """Plan documents, every version ever used. A stored version never changes."""

    def read(self, document: PlanText) -> Plan:
        """The plan in a document that is not stored yet. Raises InvalidPlan."""
        ...

    def get(self, key: str, version: int | None = None) -> Plan:
        """One version (None: the newest). Raises PlanNotFound."""
        ...

    def document(self, key: str, version: int | None = None) -> PlanText:
        """The document as it was saved. Raises PlanNotFound."""
        ...

    def save(self, plan: Plan, document: PlanText, saved_at: datetime, by: str) -> None:
        """Keeps a new version. Raises InvalidRequest when `plan.version` is taken."""
        ...

    def versions(self, key: str) -> tuple[PlanVersion, ...]:
        """All versions, newest first; empty when there are none."""
        ...

    def keys(self) -> tuple[str, ...]:
        """Keys of all plans, in order."""
        ...


class Rollouts(Protocol):
    """The state of every rollout."""

    def get(self, key: str) -> Rollout:
        """Raises RolloutNotFound naming the keys there are."""
        ...

    def all(self) -> tuple[Rollout, ...]:
        """All rollouts, by key."""
        ...

    def save(self, rollout: Rollout, expected_revision: int | None) -> None:
        """Inserts (None) or replaces the value whose revision is `expected_revision`. Raises StaleRollout."""
        ...


class Epochs(Protocol):
    """The epochs of every rollout; never edited."""

    def add(self, epoch: Epoch) -> None:
        """Raises InvalidRequest when the number is taken."""
        ...

    def of(self, rollout: str) -> tuple[Epoch, ...]:
        """All epochs, oldest first."""
        ...

    def current(self, rollout: str) -> Epoch | None:
        """The newest epoch."""
        ...


class Overrides(Protocol):
    """Who is on or off whatever the percentage says."""

    def set(self, override: Override) -> None:
        """Inserts or replaces the override of this subject and flag."""
        ...

    def remove(self, rollout: str, subject: str, flag: str | None) -> bool:
        """True when there was one."""
        ...

    def of(self, rollout: str) -> tuple[Override, ...]:
        """By subject, then flag."""
        ...


class Register(Protocol):
    """The population register: subjects with attributes, millions. `upsert_many` merges attributes per subject."""

    def upsert_many(self, subjects: Iterable[Subject]) -> int:
        """Inserts or merges (a new value replaces the old of the same attribute); how many rows changed."""
        ...

    def get(self, unit: str, id: str) -> dict[str, AttributeValue] | None:
        """A subject's attributes; None when the register does not know it."""
        ...

    def search(self, unit: str, prefix: str = "", limit: int = 50, after: str | None = None) -> tuple[Subject, ...]:
        """Subjects whose id begins with `prefix`, in id order, after an id."""
        ...

    def count(self, unit: str) -> int:
        """How many subjects of this unit there are."""
        ...

    def changes(self, after: int, limit: int = 50_000) -> tuple[RegisterChange, ...]:
        """What changed since change number `after`, in order: what the event store's mirror copies."""
        ...

    def remove(self, unit: str, id: str) -> bool:
        """Forgets a subject; a tombstone without attributes stays for the mirror. True when there was one."""
        ...

    def purge_removed(self, unit: str, id: str) -> None:
        """Deletes a subject's tombstone, once the mirror has forgotten it too."""
        ...
