"""Roles and what each may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """viewer reads; operator also acknowledges, signs and lowers; admin does everything (the seeds' super admin)."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


def may(role: Role, needed: Role) -> bool:
    """True when `role` includes `needed`."""
    return RANK[role] >= RANK[needed]
