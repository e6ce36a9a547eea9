"""Signing in with what an identity provider vouches for; ends in the same session as a link or a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rollout_core.control.sign_in import SignedIn, begin_session, note_refusal
from rollout_core.control.sign_out_everywhere import sign_out_everywhere
from rollout_core.errors import NotSignedIn
from rollout_core.people.identity import FROM_PROVIDER, Identity, Trust, admitted_role, person_of
from rollout_core.people.person import Person
from rollout_core.people.role import Role
from rollout_core.people.session import SESSION_LENGTH
from rollout_core.ports.control_records import AuditEntry
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

METHOD = "oidc"


def sign_in_by_identity(room: Room, identity: Identity, trust: Trust, length: timedelta = SESSION_LENGTH) -> SignedIn:
    """A session for whoever may in; a person whose role follows the provider is kept with it.

    Raises NotSignedIn. Somebody whose groups give no role any more is signed out everywhere at that moment.
    """
    now = room.clock.now()
    with room.control.write() as unit:
        known = person_of(identity, unit.people.all())
        try:
            role = admitted_role(identity, trust, known)
        except NotSignedIn as error:
            refused = error
            if known is not None and known.source == FROM_PROVIDER and _theirs(identity, known):
                sign_out_everywhere(room, unit, known.name, now)
            note_refusal(unit, identity.name or "unknown", METHOD, now, error.message)
        else:
            person = _kept(unit, identity, known, role, now)
            return begin_session(unit, person.name, role, METHOD, now, length)
    raise refused


def _theirs(identity: Identity, known: Person) -> bool:
    """Whether it is this person who was refused, and not somebody else with their address."""
    return known.account == identity.account or (known.account is None and identity.verified)


def _kept(unit: ControlUnit, identity: Identity, known: Person | None, role: Role, now: datetime) -> Person:
    """Adds somebody new, follows a changed group, remembers the account at its first sign-in; all in the trail."""
    before = known or Person(identity.name, role, now, source=FROM_PROVIDER)
    person = replace(before, role=role, account=identity.account)
    if person == known:
        return person
    unit.people.save(person)
    unit.audit.append(AuditEntry(
        at=now, principal=person.name, role=str(role), via="session", origin="http", verb="set_person",
        reason="The identity provider vouches for this.", before={"role": str(known.role)} if known else {},
        after={"person": person.name, "role": str(role), "source": person.source, "linked": identity.account.issuer}))
    return person
