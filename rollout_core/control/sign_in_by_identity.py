"""Signing in with what an identity provider vouches for; ends in the same session as a link or a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rollout_core.control.sign_in import SignedIn, begin_session, note_refusal
from rollout_core.errors import NotSignedIn
from rollout_core.people.identity import FROM_PROVIDER, Identity, Trust, admitted_role
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
        known = _known(unit, identity.name)
        try:
            role = admitted_role(identity, trust, known)
        except NotSignedIn as error:
            refused = error
            if known is not None and known.active and known.source == FROM_PROVIDER and identity.verified:
                unit.sessions.revoke_person(known.name, now)
            note_refusal(unit, identity.name or "unknown", METHOD, now, error.message)
        else:
            _keep(unit, identity, known, role, now)
            return begin_session(unit, known.name if known else identity.name, role, METHOD, now, length)
    raise refused


def _known(unit: ControlUnit, name: str) -> Person | None:
    """The person of this mail address, however it was spelled when they were added. Of several spellings one that was
    taken off the list counts first: nobody comes back by another spelling."""
    same = [person for person in unit.people.all() if person.name.strip().lower() == name]
    return min(same, key=lambda person: (person.active, person.name != name), default=None)


def _keep(unit: ControlUnit, identity: Identity, known: Person | None, role: Role, now: datetime) -> None:
    """Adds somebody new or follows a changed group; both are in the trail."""
    if known is not None and known.role is role:
        return
    person = known or Person(identity.name, role, now, source=FROM_PROVIDER)
    unit.people.save(replace(person, role=role))
    unit.audit.append(AuditEntry(
        at=now, principal=identity.name, role=str(role), via="session", origin="http", verb="set_person",
        reason="The identity provider's groups give this role.", before={"role": str(known.role)} if known else {},
        after={"person": identity.name, "role": str(role), "source": FROM_PROVIDER}))
