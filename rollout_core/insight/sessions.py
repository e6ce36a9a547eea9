"""Who is signed in now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class SessionsRequest:
    """`person` None: everybody's. `all` True: ended ones too, as long as they are kept."""

    person: str | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session; `id` is public and opens nothing. `state`: open | ended | expired."""

    id: str
    person: str
    role: str
    method: str
    state: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionsAnswer:
    """Newest first."""

    sessions: tuple[SessionLine, ...]


def answer(room: Room, request: SessionsRequest) -> SessionsAnswer:
    """The list; the role is the one the person has now."""
    now = room.clock.now()
    with room.control.read() as unit:
        roles = {person.name: person.role for person in unit.people.all()}
        lines = tuple(
            SessionLine(each.id, each.person, str(roles.get(each.person, each.role)), each.method,
                        "ended" if each.revoked_at else "open" if each.valid_at(now) else "expired",
                        each.created_at, each.expires_at, each.revoked_at)
            for each in unit.sessions.all() if request.person in (None, each.person))
    return SessionsAnswer(tuple(sorted((line for line in lines if request.all or line.state == "open"),
                                       key=lambda line: line.created_at, reverse=True)))
