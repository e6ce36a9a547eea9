"""Signing in and out: a one-time link or a password becomes a session. Every step is in the audit trail.

The cookie's secret leaves this module once, on its way to the browser; the store keeps its SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from secrets import token_hex, token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rollout_core.control.person_named import person_named
from rollout_core.errors import InvalidRequest, NotSignedIn, PersonNotFound
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.person import Person, SignInLink
from rollout_core.people.role import Role
from rollout_core.people.secret import SECRET_BYTES, secret_hash
from rollout_core.people.session import SESSION_LENGTH, Session
from rollout_core.ports.control_records import AuditEntry
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

LOCAL_ADMIN = "local-admin"
"""Whom the link printed at start signs in."""

HASHER = PasswordHasher()
"""argon2id with the library's defaults (RFC 9106, low-memory profile)."""



@cache
def nobodys_hash() -> str:
    """Checked when the name is unknown, so that an unknown name takes as long as a wrong password.

    Made once and when it is first needed: it takes as long as a sign-in, and every command would wait for it.
    """
    return HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session and the secret for the cookie."""

    session: Session
    secret: str


def offer_link(room: Room, actor: Actor, lifetime: timedelta, person: str = LOCAL_ADMIN,
               role: Role = Role.ADMIN) -> str:
    """The secret of a new one-time link for `person`; usable once, until `lifetime` has passed. Admins only.

    Only the local admin is made by it: a mistyped name must not become a new admin. Raises NotPermitted,
    PersonNotFound, InvalidRequest for somebody who was taken off the list.
    """
    require(actor, Role.ADMIN, "make a sign-in link")
    now, secret = room.clock.now(), token_urlsafe(SECRET_BYTES)
    with room.control.write() as unit:
        known = person_named(unit, person.strip())
        if known is None and person != LOCAL_ADMIN:
            raise PersonNotFound(f"Nobody is named {person!r}.",
                                 mend="`rollout person NAME --role ROLE` adds somebody.", name=person)
        if known is not None and not known.active:
            raise InvalidRequest(f"{person} may not sign in, so a link would lead nowhere.", name=person,
                                 mend=f"`rollout do set_person name={person} active=true` lets them in again.")
        granted = known.role if known else role
        if known is None:
            unit.people.save(Person(name=person, role=role, created_at=now))
        person = known.name if known else person
        unit.people.add_link(SignInLink(secret_hash=secret_hash(secret), person=person, role=granted, created_at=now,
                                        expires_at=now + lifetime))
        unit.audit.append(AuditEntry(
            at=now, principal=actor.principal, role=str(actor.role), via=actor.via, origin=actor.origin,
            verb="offer_link", claimed=actor.claimed, after={"person": person, "role": str(granted)}))
    return secret


def sign_in_by_link(room: Room, secret: str, length: timedelta = SESSION_LENGTH, *, note: bool = True) -> SignedIn:
    """Consumes a link. Raises NotSignedIn when it is unknown, used or too old.

    `note` False keeps a refusal out of the audit trail: whoever sends any number of wrong links fills no disk.
    """
    now = room.clock.now()
    hashed = secret_hash(secret)
    printed = room.start_links.take(hashed, now)
    with room.control.write() as unit:
        taken = printed or unit.people.take_link(hashed, now)
        link = taken or unit.people.link(hashed)
        person = unit.people.get(link.person) if link else None
        if taken is not None and (person is None or person.active):
            return begin_session(unit, taken.person, person.role if person else taken.role, "link", now, length)
        if note:
            note_refusal(unit, link.person if link else "unknown", "link", now)
    if link is not None and person is not None and not person.active:
        raise NotSignedIn(f"{link.person} may not sign in here any more.",
                          mend="Ask an admin, or the owner of the machine.")
    raise NotSignedIn("This link was used already or is too old.", mend="`rollout signin-link` prints a new one.")


def sign_in_by_password(room: Room, name: str, password: str, length: timedelta = SESSION_LENGTH) -> SignedIn:
    """Checks a password (about 0.1 s of CPU by design). Raises NotSignedIn, saying the same whatever was wrong."""
    now = room.clock.now()
    with room.control.read() as unit:
        person = person_named(unit, name)
    known = person is not None and person.active and person.password_hash is not None
    fits = _fits(person.password_hash if known and person and person.password_hash else nobodys_hash(), password)
    with room.control.write() as unit:
        if known and fits and person is not None:
            return begin_session(unit, person.name, person.role, "password", now, length)
        note_refusal(unit, person.name if person else "unknown", "password", now)
    raise NotSignedIn("Name and password do not fit.", mend="Try again, or ask an admin for a one-time link.")


def sign_out(room: Room, session_id: str) -> bool:
    """Ends a session at once, in every tab. True when it was open."""
    now = room.clock.now()
    with room.control.write() as unit:
        session = unit.sessions.by_id(session_id)
        if session is not None:
            room.last_known.drop(session.secret_hash)
        ended = unit.sessions.revoke(session_id, now)
        if ended and session is not None:
            unit.audit.append(_entry(session, "sign_out", now))
    return ended


def _fits(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def begin_session(unit: ControlUnit, person: str, role: Role, method: str, now: datetime,
                  length: timedelta) -> SignedIn:
    """A new session of a person who has proved who they are, in the trail."""
    secret = token_urlsafe(SECRET_BYTES)
    session = Session(id=token_hex(16), secret_hash=secret_hash(secret), person=person, role=role, created_at=now,
                      expires_at=now + length, method=method, csrf=token_hex(SECRET_BYTES))
    unit.sessions.add(session)
    unit.audit.append(_entry(session, "sign_in", now))
    return SignedIn(session, secret)


def _entry(session: Session, verb: str, now: datetime) -> AuditEntry:
    return AuditEntry(at=now, principal=session.person, role=str(session.role), via="session", origin="http",
                      verb=verb, session_id=session.id, after={"method": session.method})


def note_refusal(unit: ControlUnit, person: str, method: str, now: datetime, why: str = "") -> None:
    """A sign-in that was refused, in the trail."""
    unit.audit.append(AuditEntry(at=now, principal=person, role="none", via="session", origin="http", verb="sign_in",
                                 outcome="refused", reason=why, after={"method": method}))
