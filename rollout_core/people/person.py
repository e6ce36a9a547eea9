"""A person who may sign in, and the one-time link that lets one in without a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.people.role import Role


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


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A link that signs `person` in once. Only the SHA-256 of its secret is kept."""

    secret_hash: str
    person: str
    role: Role
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
