"""The audit trail, newest first, and what was asked of it: who, what, how it ended, when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.ports.control_records import AuditHead, AuditRecord
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

MOST = 1_000
"""Records of one answer."""

PAGE = 500
"""Records read from the store at a time."""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """`rollout` None: everything; `before` a seq, for the page after. `who` is part of a name (also the one somebody
    said to act for), `verb` and `outcome` (done | unchanged | refused | failed) are whole; times as [since, until).
    """

    rollout: str | None = None
    limit: int = 100
    before: int | None = None
    who: str | None = None
    verb: str | None = None
    outcome: str | None = None
    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """`head` anchors the whole trail; `more` True when older records fit too."""

    records: tuple[AuditRecord, ...]
    head: AuditHead
    more: bool


def answer(room: Room, request: AuditRequest) -> AuditAnswer:
    """One page of what fits. Raises InvalidRequest for a page of less than one or more than MOST records."""
    if not 1 <= request.limit <= MOST:
        raise InvalidRequest(f"A page holds 1 to {MOST} records, not {request.limit}.",
                             mend="Ask for the page after with before=, the last seq you have.", limit=request.limit)
    records: list[AuditRecord] = []
    with room.control.read() as unit:
        for record in _newest_first(unit, request):
            if _fits(record, request):
                records.append(record)
            if len(records) > request.limit:
                break
        return AuditAnswer(tuple(records[: request.limit]), unit.audit.head(), len(records) > request.limit)


def _newest_first(unit: ControlUnit, request: AuditRequest) -> Iterator[AuditRecord]:
    """Records from `before` down to `since_at`, a page at a time."""
    filtered = any((request.who, request.verb, request.outcome, request.since_at, request.until_at))
    size = PAGE if filtered else request.limit + 1
    before = request.before
    while True:
        found = unit.audit.tail(request.rollout, size, before)
        for record in found:
            if request.since_at is not None and record.entry.at < request.since_at:
                return
            yield record
        if len(found) < size:
            return
        before = found[-1].seq


def _fits(record: AuditRecord, request: AuditRequest) -> bool:
    entry = record.entry
    names = f"{entry.principal}\n{entry.claimed or ''}".casefold()
    return ((not request.who or request.who.casefold() in names) and request.verb in (None, entry.verb)
            and request.outcome in (None, entry.outcome)
            and (request.until_at is None or entry.at < request.until_at))
