"""Is the audit trail whole? Walks the chain, against an anchor kept outside where one is given."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.ports.control_records import AuditVerdict
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class AuditVerifyRequest:
    """`head` is `seq:hash` or a hash, from a notice, export, report or backup."""

    head: str | None = None


def answer(room: Room, request: AuditVerifyRequest) -> AuditVerdict:
    """What the walk found."""
    with room.control.read() as unit:
        return unit.audit.verify(request.head)
