"""A person who may sign in, and the one-time link that lets one in without a password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rollout_core.people.name import folded
from rollout_core.people.role import Role


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody at an identity provider: `subject` never changes and is never given to another, unlike an address
    (OpenID Connect Core 1.0, section 5.7)."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is the sign-in name (often an e-mail address). `password_hash` is argon2id's own text, or None."""

    name: str
    role: Role
    created_at: datetime
    password_hash: str | None = None
    active: bool = True
    source: str = "local"
    """local | oidc: where the person's role comes from."""
    account: Account | None = None
    """What signs this person in at the identity provider, known from the first time on."""


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A link that signs `person` in once. Only the SHA-256 of its secret is kept."""

    secret_hash: str
    person: str
    role: Role
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """When it was used, or ended with a right of the person."""


def spelled_alike(people: Iterable[Person], name: str) -> Person | None:
    """The person of this name in any spelling. Of several, which only older stores have, one that was taken off the
    list counts first: nobody comes back by another spelling."""
    same = [person for person in people if folded(person.name) == folded(name)]
    return min(same, key=lambda person: (person.active, person.name != name), default=None)
