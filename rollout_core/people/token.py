"""A token: a machine's right to act, with a role and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.people.role import Role

PREFIX = "rollout_"
"""Every token starts with this, so that secret scanners find a leaked one."""


@dataclass(frozen=True, slots=True)
class Token:
    """`id` names it in lists and in the audit; the secret is shown once at creation, only its SHA-256 is kept."""

    id: str
    name: str
    secret_hash: str
    role: Role
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def valid_at(self, now: datetime) -> bool:
        """True while the token may act: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
