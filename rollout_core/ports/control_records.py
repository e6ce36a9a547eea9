"""What the control store keeps besides plans, rollouts and people: plain values, one class per table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rollout_core.flags.targeting import AttributeValue


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan's document as it was written; `source` is the file's name, for messages."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One stored version of a plan: what changed, when, by whom."""

    key: str
    version: int
    note: str
    saved_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What happened, before it is chained. Everything that is remembered of it is here.

    `outcome`: done | unchanged (it already was as asked) | refused | failed. `before` and `after` hold only what a
    person needs to see the change; `evidence` is what the actor was shown. Subjects appear only by reference
    (`subject`, 16 hexadecimal digits).
    `clock_behind_ms` is not 0 when the machine's clock stood before the newest entry: `at` is then that entry's time.
    """

    at: datetime
    principal: str
    role: str
    via: str
    origin: str
    verb: str
    outcome: str = "done"
    rollout: str | None = None
    claimed: str | None = None
    session_id: str | None = None
    subject: str | None = None
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)
    revision: int | None = None
    epoch: int | None = None
    clock_behind_ms: int = 0


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A chained entry: hash = SHA-256(previous hash + `body`), both as stored; `body` is the entry's canonical JSON."""

    seq: int
    entry: AuditEntry
    body: bytes
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest record's place and hash, written `seq:hash`: an anchor that goes out with notices and reports."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing wrong with the trail. `kind`: edited | gap | broken_link | cut | rewritten | unreadable."""

    seq: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a walk along the chain found. `anchored` is True when a head from outside was compared."""

    whole: bool
    records: int
    head: AuditHead
    findings: tuple[AuditFinding, ...] = ()
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One sweep's decision with everything it saw, so that it can be replayed. Append-only.

    `act`: none | hold | halve | previous_phase | safe_state | pause | advance. `seen` holds sufficient statistics and
    verdicts as JSON values; `key` = (rollout, epoch, swept_at) happens once.
    """

    number: int
    rollout: str
    epoch: int
    swept_at: datetime
    mode: str
    act: str
    done: bool
    summary: str
    seen: Mapping[str, object] = field(default_factory=dict)
    audit_seq: int | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A checklist item done: by whom, when, with which evidence in words."""

    rollout: str
    item: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A checklist item that an admin lets go, by name and with a reason."""

    rollout: str
    item: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Signoff:
    """A criterion of a phase that a person signed with evidence. `met` False: signed as not met. The newest counts."""

    rollout: str
    phase: str
    criterion: str
    met: bool
    by: str
    at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the population register. List attributes are tuples; times are UTC ISO 8601 text ending in Z."""

    unit: str
    id: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """A register row as the mirror copies it: `number` grows with every change, `attributes` None means removed."""

    number: int
    unit: str
    id: str
    attributes: Mapping[str, AttributeValue] | None


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A notice that must go out, delivered at least once. `dedup` names the incident for sinks that group."""

    id: int
    created_at: datetime
    topic: str
    rollout: str | None
    title: str
    body: str
    severity: str = "info"
    dedup: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    dead_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question in SQL that somebody keeps for the team; names differ whatever their case."""

    id: str
    name: str
    sql: str
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """What a request with an Idempotency-Key was answered: the same key and fingerprint get the same answer again."""

    principal: str
    key: str
    fingerprint: str
    status: int
    body: bytes
    answered_at: datetime
