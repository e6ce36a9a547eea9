"""A session: somebody signed in in a browser, until it expires or is revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.people.role import Role

SESSION_LENGTH = timedelta(hours=12)
"""How long a session lasts from sign-in unless settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Session:
    """`secret_hash` is the SHA-256 of the cookie's value; `id` names the session in the audit and is no secret."""

    id: str
    secret_hash: str
    person: str
    role: Role
    created_at: datetime
    expires_at: datetime
    method: str = "link"
    """link | password | oidc."""
    revoked_at: datetime | None = None
    csrf: str = ""

    def valid_at(self, now: datetime) -> bool:
        """True while the session may act: neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at
