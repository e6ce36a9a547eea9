"""What happened: the audit trail, decision records, waiting notices and replays of requests.

Repositories of the control store; see `rollout_core.ports.control_store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from rollout_core.ports.control_records import (
    AuditEntry,
    AuditHead,
    AuditRecord,
    AuditVerdict,
    DecisionRecord,
    OutboxMessage,
    Replay,
)


class Audit(Protocol):
    """The append-only, hash-chained trail."""

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Chains an entry; keeps time monotone by `clock_behind_ms`."""
        ...

    def extend(self, records: Iterable[AuditRecord]) -> int:
        """Appends records chained elsewhere, unchanged; how many. Raises StoreCorrupt when they do not follow."""
        ...

    def tail(self, rollout: str | None = None, limit: int = 100, before: int | None = None) -> tuple[AuditRecord, ...]:
        """The newest records (of one rollout), newest first, older than seq `before`."""
        ...

    def walk(self, after: int = 0) -> Iterator[AuditRecord]:
        """All records with a larger seq, oldest first."""
        ...

    def head(self) -> AuditHead:
        """The newest record's place; seq 0 and 64 zeros when the trail is empty."""
        ...

    def newest_at(self) -> datetime | None:
        """The time of the newest record; None when there is none or it cannot be read."""
        ...

    def verify(self, head: str | None = None) -> AuditVerdict:
        """Walks the chain; `head` (`seq:hash` or a hash) is an anchor kept outside."""
        ...

    def remember_name(self, subject: str, unit: str, id: str) -> None:
        """Keeps the name behind a subject reference in a table that can be erased."""
        ...

    def name_of(self, subject: str) -> tuple[str, str] | None:
        """(unit, id) behind a reference, or None when it was never kept or is erased."""
        ...

    def forget_name(self, subject: str) -> bool:
        """Erases the name; the chain stays whole. True when there was one."""
        ...


class Decisions(Protocol):
    """Decision records of the sweeps."""

    def append(self, record: DecisionRecord) -> int:
        """Keeps it under the next number (its own `number` is ignored). Raises InvalidRequest when the key is taken."""
        ...

    def get(self, number: int) -> DecisionRecord:
        """Raises NotFound."""
        ...

    def tail(self, rollout: str | None = None, limit: int = 100,
             before: int | None = None) -> tuple[DecisionRecord, ...]:
        """The newest records, newest first."""
        ...


class Outbox(Protocol):
    """Notices that must go out."""

    def add(self, message: OutboxMessage) -> int:
        """Keeps it under the next id (its own `id` is ignored)."""
        ...

    def due(self, now: datetime, limit: int = 50) -> tuple[OutboxMessage, ...]:
        """Neither sent nor dead, and not waiting for a later attempt; oldest first."""
        ...

    def save(self, message: OutboxMessage) -> None:
        """Replaces: after an attempt."""
        ...

    def waiting(self) -> tuple[OutboxMessage, ...]:
        """Neither sent nor dead, due or not; oldest first."""
        ...

    def dead(self, limit: int = 100) -> tuple[OutboxMessage, ...]:
        """Given up, newest first."""
        ...


class Replays(Protocol):
    """Answers kept for requests that carry an Idempotency-Key."""

    def get(self, principal: str, key: str) -> Replay | None:
        """None when this key was never answered."""
        ...

    def save(self, replay: Replay) -> None:
        """Inserts or replaces."""
        ...

    def purge(self, before: datetime) -> int:
        """Deletes older ones; how many."""
        ...
