"""The audit trail, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.ports.control_records import AuditHead, AuditRecord
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """`rollout` None: everything; `before` a seq, for the page after."""

    rollout: str | None = None
    limit: int = 100
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """`head` anchors the whole trail; `more` True when older records exist."""

    records: tuple[AuditRecord, ...]
    head: AuditHead
    more: bool


def answer(room: Room, request: AuditRequest) -> AuditAnswer:
    """One page of the trail."""
    with room.control.read() as unit:
        records = unit.audit.tail(request.rollout, request.limit + 1, request.before)
        return AuditAnswer(records[: request.limit], unit.audit.head(), len(records) > request.limit)
