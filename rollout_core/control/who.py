"""Who is asking? A cookie, a session's id or a token becomes an Actor; the store is asked anew each time.

What it told is kept in `Room.last_known`, for `recall` only: nothing here answers from there.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from rollout_core.errors import NotSignedIn, StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.secret import secret_hash
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.last_known import LastKnown
from rollout_core.ports.room import Room

TOUCH_EVERY = timedelta(minutes=1)
"""A token's last use is remembered no more often than this."""


def session_of_cookie(room: Room, cookie: str) -> Session | None:
    """The open session whose secret the cookie holds; None when unknown, revoked or expired."""
    hashed = secret_hash(cookie)
    with room.control.read() as unit:
        session = unit.sessions.get(hashed)
    if session is None or not session.valid_at(room.clock.now()):
        room.last_known.drop(hashed)
        return None
    return session


def actor_of_session(room: Room, session_id: str | None, origin: str) -> Actor:
    """The person behind a session's public id, with the role they have now.

    Raises NotSignedIn when the session ended or the person was taken off the list; a demoted person comes back demoted.
    """
    now = room.clock.now()
    with room.control.read() as unit:
        session = unit.sessions.by_id(session_id) if session_id else None
        known = known_by_session(unit, session, now)
    if session is None or known is None:
        if session is not None:
            room.last_known.drop(session.secret_hash)
        raise NotSignedIn("Your sign-in has ended.", mend="Sign in again.")
    room.last_known.keep(session.secret_hash, known)
    return replace(known.actor, origin=origin)


def actor_of_token(room: Room, secret: str, origin: str) -> Actor:
    """The machine behind a bearer token; its last use is remembered. Raises NotSignedIn when it is of no use."""
    now, hashed = room.clock.now(), secret_hash(secret)
    with room.control.read() as unit:
        token = unit.tokens.get(hashed)
    known = known_by_token(token, now)
    if token is None or known is None:
        room.last_known.drop(hashed)
        raise NotSignedIn("This token is unknown, revoked or expired.", mend="`rollout token create` makes a new one.")
    room.last_known.keep(hashed, known)
    if token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY:
        _touch(room, token, now)
    return replace(known.actor, origin=origin)


def known_by_session(unit: ControlUnit, session: Session | None, now: datetime) -> LastKnown | None:
    """Who has an open session, with the role the store gives them; None when it is over or they may not in."""
    if session is None or not session.valid_at(now):
        return None
    person = unit.people.get(session.person)
    if person is not None and not person.active:
        return None
    actor = Actor(session.person, person.role if person else session.role, "session", session_id=session.id)
    return LastKnown(actor, now, session.expires_at, session.csrf)


def known_by_token(token: Token | None, now: datetime) -> LastKnown | None:
    """The same for a token."""
    if token is None or not token.valid_at(now):
        return None
    return LastKnown(Actor(token.name, token.role, "token"), now, token.expires_at)


def _touch(room: Room, token: Token, now: datetime) -> None:
    """A store that cannot note it (a full disk, a removed file) keeps nobody from pausing."""
    with suppress(StoreError), room.control.write() as unit:
        unit.tokens.touch(token.id, now)
