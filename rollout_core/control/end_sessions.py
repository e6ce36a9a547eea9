"""End sessions: one, or all of a person. Whoever holds them is asked to sign in again at the next press."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.person_named import person_named
from rollout_core.control.sign_out_everywhere import sign_out_everywhere
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest, NotFound
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "end_sessions"


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Either the public id of one session, or everything of a `person`, unused one-time links included."""

    session: str | None = None
    person: str | None = None
    reason: str | None = None


def end_sessions(room: Room, actor: Actor, request: EndSessions) -> Change:
    """The answer's result counts what was open. Raises NotPermitted, InvalidRequest, NotFound."""
    attempt = Attempt(actor, NAME, request, Role.ADMIN)
    return act(room, attempt, lambda unit, when: _make(room, unit, actor, request, when))


def _make(room: Room, unit: ControlUnit, actor: Actor, request: EndSessions, when: Moment) -> Change:
    if (request.session is None) == (request.person is None):
        raise InvalidRequest("Which sessions?", mend="Name one session by its id, or a person.")
    if request.session is not None:
        session = unit.sessions.by_id(request.session)
        if session is None:
            raise NotFound(f"There is no session {request.session!r}.", mend="Look at the list again.",
                           session=request.session)
        room.last_known.drop(session.secret_hash)
        person, ended = session.person, int(unit.sessions.revoke(session.id, when.at))
    else:
        known = person_named(unit, str(request.person).strip())
        person = known.name if known is not None else str(request.person).strip()
        ended = sign_out_everywhere(room, unit, person, when.at)
    record = unit.audit.append(entry(actor, when, NAME, reason=(request.reason or "").strip(),
                                     after={"person": person, "session": request.session, "sessions_ended": ended}))
    return Change(NAME, None, record.seq, result={"person": person, "sessions_ended": ended})
