"""The tokens machines sign in with. Secrets are not kept, so they cannot be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """`all` False: only those still valid."""

    all: bool = False


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token without anything secret. `state`: valid | expired | revoked."""

    id: str
    name: str
    role: str
    state: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokensAnswer:
    """By creation."""

    tokens: tuple[TokenLine, ...]


def answer(room: Room, request: TokensRequest) -> TokensAnswer:
    """The list."""
    now = room.clock.now()
    with room.control.read() as unit:
        lines = tuple(
            TokenLine(token.id, token.name, token.role.value,
                      "revoked" if token.revoked_at else "valid" if token.valid_at(now) else "expired",
                      token.created_at, token.created_by, token.expires_at, token.last_used_at, token.revoked_at)
            for token in unit.tokens.all())
    return TokensAnswer(tuple(line for line in lines if request.all or line.state == "valid"))
