"""What has no further use in the control store goes: kept answers, sessions and links long over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.ports.room import Room

REPLAYS_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=30)
"""How long a session that is over can still be seen on the page of sessions; the trail keeps sign-ins for good."""

LINKS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many went."""

    replays: int
    sessions: int
    links: int


def tidy(room: Room, now: datetime) -> Tidied:
    """Deletes them; a store with nothing to delete is not written."""
    with room.control.write() as unit:
        return Tidied(unit.replays.purge(now - REPLAYS_KEPT), unit.sessions.purge(now - SESSIONS_KEPT),
                      unit.people.purge_links(now - LINKS_KEPT))
