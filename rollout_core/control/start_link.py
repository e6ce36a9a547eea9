"""The link that a start prints for the local admin. Using it is in the trail; printing it writes nothing."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe

from rollout_core.control.sign_in import LOCAL_ADMIN
from rollout_core.people.person import Person, SignInLink
from rollout_core.people.role import Role
from rollout_core.people.secret import SECRET_BYTES, secret_hash
from rollout_core.ports.room import Room


def start_link(room: Room, lifetime: timedelta) -> str:
    """The secret of a link that this process alone takes, once, until `lifetime` has passed.

    The local admin is made with the first one: that is the only time something is written.
    """
    now, secret = room.clock.now(), token_urlsafe(SECRET_BYTES)
    with room.control.read() as unit:
        known = unit.people.get(LOCAL_ADMIN)
    if known is None:
        known = Person(name=LOCAL_ADMIN, role=Role.ADMIN, created_at=now)
        with room.control.write() as unit:
            unit.people.save(known)
    room.start_links.add(SignInLink(secret_hash(secret), LOCAL_ADMIN, known.role, now, now + lifetime))
    return secret
