"""Record events: checked one by one, stored in one batch; a bad event does not sink the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import json

from rollout_core.control.change import Change
from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Event
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, accept, read_events
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.event_store import Batch
from rollout_core.ports.room import Room

NAME = "record_events"


@dataclass(frozen=True, slots=True)
class RecordEvents:
    """`events` are envelopes as in metrics.event; `token` makes a repetition of the same batch harmless."""

    events: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None


def record_events(room: Room, actor: Actor, request: RecordEvents) -> Change:
    """Stores what is acceptable; `result` counts stored, duplicates and rejected with their reasons.

    Not in the audit trail: events are counted in millions and change nobody's exposure. Raises NotPermitted,
    InvalidRequest, DiskFull, StoreUnavailable.
    """
    require(actor, Role.SENDER, "send events")
    if not request.events:
        raise InvalidRequest("There are no events in the request.", mend="Send a list named events.")
    now = room.clock.now()
    read = read_events(json.encode(request.events))
    sender = Sender(trusted=True, name=actor.principal)
    checked = [accept(each, sender, now, Limits()) if isinstance(each, Event) else each for each in read]
    accepted = [each for each in checked if isinstance(each, Accepted)]
    rejected = [each for each in checked if isinstance(each, Rejected)]
    written = room.events.write(Batch(accepted, now, rejected, request.token, actor.principal))
    return Change(NAME, None, 0, result={
        "stored": written.stored, "duplicates": written.duplicates, "rejected": written.rejected,
        "repeated": written.repeated, "reasons": tuple(rejected)})
