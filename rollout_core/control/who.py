"""Who is asking? A cookie, a session's id or a token becomes an Actor; looked up anew each time, never remembered."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollout_core.errors import NotSignedIn
from rollout_core.people.actor import Actor
from rollout_core.people.secret import secret_hash
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.room import Room

TOUCH_EVERY = timedelta(minutes=1)
"""A token's last use is remembered no more often than this."""


def session_of_cookie(room: Room, cookie: str) -> Session | None:
    """The open session whose secret the cookie holds; None when unknown, revoked or expired."""
    with room.control.read() as unit:
        session = unit.sessions.get(secret_hash(cookie))
    return _open(session, room.clock.now())


def actor_of_session(room: Room, session_id: str | None, origin: str) -> Actor:
    """The person behind a session's public id, with the role they have now.

    Raises NotSignedIn when the session ended or the person was taken off the list; a demoted person comes back demoted.
    """
    with room.control.read() as unit:
        session = _open(unit.sessions.by_id(session_id), room.clock.now()) if session_id else None
        person = unit.people.get(session.person) if session else None
    if session is None or (person is not None and not person.active):
        raise NotSignedIn("Your sign-in has ended.", mend="Sign in again.")
    role = person.role if person else session.role
    return Actor(principal=session.person, role=role, via="session", origin=origin, session_id=session.id)


def actor_of_token(room: Room, secret: str, origin: str) -> Actor:
    """The machine behind a bearer token; its last use is remembered. Raises NotSignedIn when it is of no use."""
    now = room.clock.now()
    with room.control.read() as unit:
        token = unit.tokens.get(secret_hash(secret))
    if token is None or not token.valid_at(now):
        raise NotSignedIn("This token is unknown, revoked or expired.", mend="`rollout token create` makes a new one.")
    if token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY:
        _touch(room, token, now)
    return Actor(principal=token.name, role=token.role, via="token", origin=origin)


def _touch(room: Room, token: Token, now: datetime) -> None:
    with room.control.write() as unit:
        unit.tokens.touch(token.id, now)


def _open(session: Session | None, now: datetime) -> Session | None:
    return session if session is not None and session.valid_at(now) else None
