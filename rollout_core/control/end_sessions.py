"""End sessions: one, or all of a person. Whoever holds them is asked to sign in again at the next press."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
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
    """Either the public id of one session, or everything of a `person`."""

    session: str | None = None
    person: str | None = None
    reason: str | None = None


def end_sessions(room: Room, actor: Actor, request: EndSessions) -> Change:
    """The answer's result counts what was open. Raises NotPermitted, InvalidRequest, NotFound."""
    return act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: EndSessions, when: Moment) -> Change:
    if (request.session is None) == (request.person is None):
        raise InvalidRequest("Which sessions?", mend="Name one session by its id, or a person.")
    if request.session is not None:
        session = unit.sessions.by_id(request.session)
        if session is None:
            raise NotFound(f"There is no session {request.session!r}.", mend="Look at the list again.",
                           session=request.session)
        person, ended = session.person, int(unit.sessions.revoke(session.id, when.at))
    else:
        person = str(request.person).strip()
        ended = unit.sessions.revoke_person(person, when.at)
    record = unit.audit.append(entry(actor, when, NAME, reason=(request.reason or "").strip(),
                                     after={"person": person, "session": request.session, "sessions_ended": ended}))
    return Change(NAME, None, record.seq, result={"person": person, "sessions_ended": ended})
