"""Set how long raw events of a kind are kept. Nothing is deleted at once: retention runs after 03:00 UTC."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest, ReasonMissing
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.keeping import BOUNDS, choose, keep_days
from rollout_core.ports.room import Room

NAME = "set_retention"


@dataclass(frozen=True, slots=True)
class SetRetention:
    """`kind`: a kind of event, text, dead_letter or subject_day. Fewer days than now delete, and need a reason."""

    kind: str
    days: int
    reason: str | None = None


def set_retention(room: Room, actor: Actor, request: SetRetention) -> Change:
    """Raises NotPermitted, InvalidRequest outside the bounds, ReasonMissing when something will go."""
    return act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: SetRetention, when: Moment) -> Change:
    bounds = BOUNDS.get(request.kind)
    if bounds is None:
        raise InvalidRequest(f"Nothing is kept by the name {request.kind!r}.", mend=f"Names: {', '.join(BOUNDS)}.",
                             kind=request.kind)
    if not bounds.least <= request.days <= bounds.most:
        raise InvalidRequest(f"{request.kind} is kept for {bounds.least:,} to {bounds.most:,} days.",
                             mend="Give a number of days between them.", kind=request.kind, days=request.days)
    before, reason = keep_days(unit.meta)[request.kind], (request.reason or "").strip()
    if request.days < before and not reason:
        raise ReasonMissing("Keeping something for a shorter time deletes it for good.", mend="Say why.")
    choose(unit.meta, request.kind, request.days)
    record = unit.audit.append(entry(actor, when, NAME, reason=reason, before={"kind": request.kind, "days": before},
                                     after={"kind": request.kind, "days": request.days}))
    return Change(NAME, None, record.seq, result={"kind": request.kind, "days": request.days, "before": before})
