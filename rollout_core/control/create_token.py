"""Create a token: a machine's right to act. Its secret is answered once and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.person_named import person_named
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import Actor
from rollout_core.people.name import folded, usable
from rollout_core.people.role import Role
from rollout_core.people.secret import SECRET_BYTES, secret_hash
from rollout_core.people.token import PREFIX, Token
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "create_token"
LONGEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class CreateToken:
    """`days` until it ends; None: it does not end by itself."""

    name: str
    role: Role = Role.VIEWER
    days: int | None = 90


def create_token(room: Room, actor: Actor, request: CreateToken) -> Change:
    """The new token's `id` and `secret` are in the answer's result. Raises NotPermitted, InvalidRequest."""
    secret = PREFIX + token_hex(SECRET_BYTES)
    return act(room, Attempt(actor, NAME, request, Role.ADMIN),
               lambda unit, when: _make(unit, actor, request, when, secret))


def _make(unit: ControlUnit, actor: Actor, request: CreateToken, when: Moment, secret: str) -> Change:
    name = usable(request.name)
    if not (request.days is None or 0 < request.days <= LONGEST_DAYS):
        raise InvalidRequest("A token has a name, and ends after a day to ten years or never.",
                             mend="Give --name and --days.", name=request.name, days=request.days)
    same = [token for token in unit.tokens.all() if folded(token.name) == folded(name) and token.valid_at(when.at)]
    if same or person_named(unit, name) is not None:
        raise InvalidRequest(f"There is {'a valid token' if same else 'a person'} named {name!r} already.",
                             mend="Choose another name: the trail tells them apart by name.", name=name)
    ends_at = None if request.days is None else when.at + timedelta(days=request.days)
    token = Token(secret_hash(secret)[:12], name, secret_hash(secret), request.role, when.at, actor.principal, ends_at)
    unit.tokens.add(token)
    record = unit.audit.append(entry(
        actor, when, NAME, after={"token": token.id, "name": name, "role": str(token.role),
                                  "expires_at": ends_at.isoformat() if ends_at else None}))
    return Change(NAME, None, record.seq, result={"id": token.id, "name": name, "secret": secret,
                                                  "role": str(token.role), "expires_at": ends_at})
