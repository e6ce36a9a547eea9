"""A room over throw-away stores that can import files; its events are in memory and its clock stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rollout_core.documents.mapped_file import open_file
from rollout_core.documents.plan_document import read_plan
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.event_store import open_event_store

ADMIN = Actor(principal="ada", role=Role.ADMIN, via="owner", origin="cli")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class StandingClock:
    """A clock that always says the same."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def import_room(directory: Path) -> Room:
    """A room in an empty directory."""
    return Room(control=open_control_store(directory / "control.sqlite", read_plan),
                events=open_event_store(None, b"a key for tests"), directory=directory, clock=StandingClock(),
                open_import=open_file)
