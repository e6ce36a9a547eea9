"""The control store: plans, rollouts, audit trail, people, register. Small, durable, shared by several processes.

`read()` and `write()` open one transaction each and hand out its repositories. A write transaction is serial with all
others (of every process), becomes durable when its block ends, and leaves nothing behind when the block raises.
Adapters: `rollout_core.storage.control_store.open_control_store` (SQLite) and
`tests.fakes.control_store.FakeControlStore`; one contract suite runs on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from rollout_core.flags.override import Override
from rollout_core.flags.targeting import AttributeValue
from rollout_core.health.alert import Alert, AlertEvent
from rollout_core.health.issue import Issue
from rollout_core.people.person import Person, SignInLink
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.control_records import (
    AuditEntry,
    AuditHead,
    AuditRecord,
    AuditVerdict,
    DecisionRecord,
    OutboxMessage,
    PlanText,
    PlanVersion,
    RegisterChange,
    Replay,
    SavedQuestion,
    Signoff,
    Subject,
    Tick,
    Waiver,
)
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout

Answer = TypeVar("Answer")


class PlanReader(Protocol):
    """Turns a plan's document into a Plan (`rollout_core.documents` does); handed to the store when it is opened."""

    def __call__(self, text: str, source: str) -> Plan:
        """Raises InvalidPlan naming every mistake."""
        ...


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


class Alerts(Protocol):
    """Alerts with their history."""

    def get(self, id: str) -> Alert:
        """Raises NotFound."""
        ...

    def find(self, rollout: str, rule: str, scope: str) -> Alert | None:
        """The alert of this rule and scope, in whatever state."""
        ...

    def all(self, rollout: str | None = None, *, unresolved: bool = False, limit: int = 500) -> tuple[Alert, ...]:
        """Alerts, newest change first."""
        ...

    def save(self, alert: Alert, event: AlertEvent | None = None) -> None:
        """Inserts or replaces the alert and adds the step to its history."""
        ...

    def history(self, id: str) -> tuple[AlertEvent, ...]:
        """Its steps, oldest first."""
        ...


class Issues(Protocol):
    """Issues that people or events opened."""

    def get(self, id: str) -> Issue:
        """Raises NotFound."""
        ...

    def find(self, rollout: str, kind: str, source: str) -> Issue | None:
        """The issue that came from this source."""
        ...

    def all(self, rollout: str | None = None, *, open_only: bool = False, limit: int = 500) -> tuple[Issue, ...]:
        """Issues, newest change first."""
        ...

    def save(self, issue: Issue) -> None:
        """Inserts or replaces."""
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


class Checklist(Protocol):
    """What was ticked or waived before the start."""

    def tick(self, tick: Tick) -> None:
        """Inserts or replaces."""
        ...

    def untick(self, rollout: str, item: str) -> None:
        """Takes a tick back."""
        ...

    def ticks(self, rollout: str) -> tuple[Tick, ...]:
        """By item."""
        ...

    def waive(self, waiver: Waiver) -> None:
        """Inserts or replaces."""
        ...

    def waivers(self, rollout: str) -> tuple[Waiver, ...]:
        """By item."""
        ...


class Signoffs(Protocol):
    """Criteria that people signed."""

    def add(self, signoff: Signoff) -> None:
        """Append-only."""
        ...

    def of(self, rollout: str, phase: str | None = None) -> tuple[Signoff, ...]:
        """The newest sign-off of each criterion."""
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


class People(Protocol):
    """Who may sign in, and open one-time links."""

    def get(self, name: str) -> Person | None:
        """None when unknown."""
        ...

    def all(self) -> tuple[Person, ...]:
        """By name."""
        ...

    def save(self, person: Person) -> None:
        """Inserts or replaces."""
        ...

    def add_link(self, link: SignInLink) -> None:
        """Keeps a one-time link."""
        ...

    def take_link(self, secret_hash: str, now: datetime) -> SignInLink | None:
        """Consumes the link; None when unknown, used or expired."""
        ...


class Sessions(Protocol):
    """Who is signed in."""

    def get(self, secret_hash: str) -> Session | None:
        """By the hash of the cookie's secret; None when unknown."""
        ...

    def by_id(self, id: str) -> Session | None:
        """By the session's public id."""
        ...

    def add(self, session: Session) -> None:
        """Keeps a new session."""
        ...

    def all(self) -> tuple[Session, ...]:
        """By expiry."""
        ...

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        ...

    def revoke_person(self, person: str, now: datetime) -> int:
        """Ends every session of a person; how many."""
        ...

    def purge(self, before: datetime) -> int:
        """Deletes sessions that ended before; how many."""
        ...


class Tokens(Protocol):
    """What machines sign in with."""

    def get(self, secret_hash: str) -> Token | None:
        """None when unknown."""
        ...

    def all(self) -> tuple[Token, ...]:
        """By creation."""
        ...

    def add(self, token: Token) -> None:
        """Keeps a new token."""
        ...

    def revoke(self, id: str, now: datetime) -> bool:
        """True when it was open."""
        ...

    def touch(self, id: str, now: datetime) -> None:
        """Remembers the last use."""
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


class SavedQuestions(Protocol):
    """Questions in SQL that people keep for each other."""

    def get(self, id: str) -> SavedQuestion:
        """Raises NotFound."""
        ...

    def all(self) -> tuple[SavedQuestion, ...]:
        """By name."""
        ...

    def save(self, question: SavedQuestion) -> None:
        """Inserts or replaces. Raises InvalidRequest when another question has this name."""
        ...

    def remove(self, id: str) -> bool:
        """True when there was one."""
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

    def free_reserve(self) -> bool:
        """Frees the reserved disk space, once: True when there was some. A lowering verb then tries again."""
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
