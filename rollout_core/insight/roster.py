"""Who may sign in, how, and who is signed in. Password hashes stay in the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class PeopleRequest:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person. `source`: local (the role was given here) | oidc (it follows the identity provider's groups)."""

    name: str
    role: str
    active: bool
    source: str
    has_password: bool
    sessions: int
    created_at: datetime
    issuer: str | None = None
    """The identity provider that has an account of theirs; None until the first sign-in there."""


@dataclass(frozen=True, slots=True)
class PeopleAnswer:
    """By name."""

    people: tuple[PersonLine, ...]


def answer(room: Room, request: PeopleRequest) -> PeopleAnswer:
    """The list."""
    now = room.clock.now()
    with room.control.read() as unit:
        signed_in = Counter(each.person for each in unit.sessions.all() if each.valid_at(now))
        return PeopleAnswer(tuple(
            PersonLine(each.name, str(each.role), each.active, each.source, each.password_hash is not None,
                       signed_in[each.name], each.created_at,
                       each.account.issuer if each.account else None) for each in unit.people.all()))
