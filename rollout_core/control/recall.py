"""Who is asking while the control store cannot tell: whoever it told of last, for the way down and nothing else."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.control.who import known_by_session, known_by_token
from rollout_core.people.actor import Actor
from rollout_core.people.secret import secret_hash
from rollout_core.ports.last_known import LastKnown
from rollout_core.ports.room import Room


def recall(room: Room, secret: str, origin: str) -> LastKnown | None:
    """Who has this cookie or token, as remembered; None when never seen, taken away since, or over."""
    known = room.last_known.of_secret(secret_hash(secret), room.clock.now())
    return None if known is None else replace(known, actor=_remembered(known, origin))


def recall_session(room: Room, session_id: str | None, origin: str) -> Actor | None:
    """Whose open session this is, as remembered."""
    known = room.last_known.of_session(session_id, room.clock.now()) if session_id else None
    return None if known is None else _remembered(known, origin)


def look_again(room: Room) -> int:
    """Asks the store about everybody who is remembered, since another process may have taken a right away (or a look
    crossed with a revocation); how many were dropped. Raises StoreError, and then everybody stays as remembered."""
    now, dropped = room.clock.now(), 0
    with room.control.read() as unit:
        for hashed in room.last_known.secrets():
            session = unit.sessions.get(hashed)
            known = known_by_session(unit, session, now) if session else known_by_token(unit.tokens.get(hashed), now)
            if known is None:
                room.last_known.drop(hashed)
                dropped += 1
            else:
                room.last_known.renew(hashed, known)
    return dropped


def _remembered(known: LastKnown, origin: str) -> Actor:
    return replace(known.actor, origin=origin, last_known_at=known.at)
