"""Roles and what each may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """viewer reads; operator also acknowledges, signs and lowers; admin does everything (the seeds' super admin).

    sender is no person's: a server that sends events and exposures, and reads and changes nothing.
    """

    SENDER = "sender"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


OF_PEOPLE = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
"""What somebody who signs in can be."""

RANK = {role: rank for rank, role in enumerate(OF_PEOPLE)}


def may(role: Role, needed: Role) -> bool:
    """True when `role` includes `needed`. Whoever may lower exposure may send, whoever only reads may not."""
    if Role.SENDER in {role, needed}:
        return needed is Role.SENDER and role is not Role.VIEWER
    return RANK[role] >= RANK[needed]
