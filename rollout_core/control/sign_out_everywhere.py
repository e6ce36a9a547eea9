"""Signing a person out everywhere: sessions end, and links that would open another one."""

from __future__ import annotations

from datetime import datetime

from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room


def sign_out_everywhere(room: Room, unit: ControlUnit, person: str, now: datetime) -> int:
    """Ends every session and every unused one-time link of a person, in the caller's transaction; how many sessions."""
    room.start_links.end(person)
    room.last_known.drop_where(lambda actor: actor.via == "session" and actor.principal == person)
    unit.people.end_links(now, person)
    return unit.sessions.revoke_person(person, now)
