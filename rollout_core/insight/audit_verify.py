"""Is the audit trail whole? Walks the chain, against an anchor kept outside where one is given."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rollout_core.errors import InvalidRequest
from rollout_core.ports.control_records import AuditVerdict
from rollout_core.ports.room import Room

HEAD = re.compile(r"([0-9]+:)?[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class AuditVerifyRequest:
    """`head` is `seq:hash` or a hash, from a notice, export, report or backup."""

    head: str | None = None


def answer(room: Room, request: AuditVerifyRequest) -> AuditVerdict:
    """What the walk found. Raises InvalidRequest for a head that is none, so that a slip of the pen is not taken for a
    broken trail."""
    if request.head is not None and not HEAD.fullmatch(request.head.strip()):
        raise InvalidRequest("This is no whole anchor: it is an entry's number, a colon and 64 signs (0-9, a-f), or "
                             "these alone.", mend="Copy all of it, from a notice, a report or a backup.")
    with room.control.read() as unit:
        return unit.audit.verify(request.head)
