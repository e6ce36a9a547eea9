"""Set a person: add one, change the role, set a password, take one off the list."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.person_named import person_named
from rollout_core.control.sign_in import HASHER
from rollout_core.control.sign_out_everywhere import sign_out_everywhere
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import Actor
from rollout_core.people.name import folded, usable
from rollout_core.people.person import Person
from rollout_core.people.role import OF_PEOPLE, Role, may
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "set_person"
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_000
"""argon2 reads any length; this only keeps a request from being used to burn memory."""


@dataclass(frozen=True, slots=True)
class SetPerson:
    """What is None stays as it is; a new person needs a role. The password is hashed before anything is stored.

    A role given here stays until it is changed here, whatever an identity provider's groups say.
    """

    name: str
    role: Role | None = None
    active: bool | None = None
    password: str | None = field(default=None, repr=False)
    unlink: bool = False
    """Forget which account of the identity provider this person is: the next one with the verified address is."""


def set_person(room: Room, actor: Actor, request: SetPerson) -> Change:
    """Keeps the person; whoever loses a right or gets a new password is signed out everywhere.

    Raises NotPermitted, InvalidRequest.
    """
    attempt = Attempt(actor, NAME, request, Role.ADMIN)
    hashed = _hashed(request.password) if request.password is not None and may(actor.role, Role.ADMIN) else None
    return act(room, attempt, lambda unit, when: _make(room, unit, actor, request, (when, hashed)))


def _hashed(password: str) -> str:
    """argon2id, about 0.1 s of CPU by design: outside the transaction, so that nobody waits for it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
                             mend="Choose a longer one: a sentence is easy to remember.")
    return HASHER.hash(password)


def _make(room: Room, unit: ControlUnit, actor: Actor, request: SetPerson, made: tuple[Moment, str | None]) -> Change:
    when, hashed = made
    if request.role is not None and request.role not in OF_PEOPLE:
        raise InvalidRequest(f"Nobody who signs in is a {request.role}.", mend="Make a token with that role.",
                             name=request.name)
    known = person_named(unit, request.name.strip())
    before = known or _new(unit, request, when)
    after = replace(before, role=request.role or before.role, password_hash=hashed or before.password_hash,
                    active=before.active if request.active is None else request.active,
                    source="local" if request.role is not None else before.source,
                    account=None if request.unlink else before.account)
    _keep_an_admin(unit, before, after)
    unit.people.save(after)
    loses = not after.active or not may(after.role, before.role) or hashed is not None or request.unlink
    ended = sign_out_everywhere(room, unit, after.name, when.at) if loses else 0
    record = unit.audit.append(entry(
        actor, when, NAME, before={"role": str(known.role), "active": known.active} if known else {},
        after={"person": after.name, "role": str(after.role), "active": after.active,
               "password_changed": hashed is not None, "unlinked": request.unlink, "sessions_ended": ended}))
    return Change(NAME, None, record.seq, result={"person": after.name, "role": str(after.role),
                                                  "active": after.active})


def _new(unit: ControlUnit, request: SetPerson, when: Moment) -> Person:
    """Somebody who was not there. Raises InvalidRequest."""
    if request.role is None:
        raise InvalidRequest("A new person needs a name and a role.", mend="Roles: viewer, operator, admin.",
                             name=request.name)
    name = usable(request.name)
    if any(folded(token.name) == folded(name) and token.valid_at(when.at) for token in unit.tokens.all()):
        raise InvalidRequest(f"A token is named {name!r}.", mend="Choose another name or revoke the token: the trail "
                             "tells them apart by name.", name=name)
    return Person(name, request.role, when.at)


def _keep_an_admin(unit: ControlUnit, before: Person, after: Person) -> None:
    """Raises InvalidRequest when nobody could change anything any more."""
    if _decides(before) and not _decides(after) and sum(map(_decides, unit.people.all())) == 1:
        raise InvalidRequest(f"{before.name} is the last admin.", mend="Make somebody else an admin first.",
                             name=before.name)


def _decides(person: Person) -> bool:
    return person.active and person.role is Role.ADMIN
