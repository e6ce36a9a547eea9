"""Revoke a token: from the next request on it opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import NotFound
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "revoke_token"


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """`id` is its id or its name."""

    id: str
    reason: str | None = None


def revoke_token(room: Room, actor: Actor, request: RevokeToken) -> Change:
    """Raises NotPermitted, NotFound. Revoking twice changes nothing."""
    attempt = Attempt(actor, NAME, request, Role.ADMIN)
    return act(room, attempt, lambda unit, when: _make(room, unit, actor, request, when))


def _make(room: Room, unit: ControlUnit, actor: Actor, request: RevokeToken, when: Moment) -> Change:
    meant = [token for token in unit.tokens.all() if request.id in (token.id, token.name)]
    if not meant:
        raise NotFound(f"There is no token {request.id!r}.", mend="See `rollout token list`.", token=request.id)
    ended = [token.id for token in meant if unit.tokens.revoke(token.id, when.at)]
    for token in meant:
        room.last_known.drop(token.secret_hash)
    record = unit.audit.append(entry(actor, when, NAME, reason=(request.reason or "").strip(),
                                     after={"token": meant[-1].id, "name": meant[-1].name, "revoked": bool(ended)}))
    return Change(NAME, None, record.seq, result={"id": meant[-1].id, "revoked": bool(ended)})
