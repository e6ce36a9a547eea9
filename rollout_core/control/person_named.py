"""Finding a person by a name that somebody typed."""

from __future__ import annotations

from rollout_core.people.person import Person, spelled_alike
from rollout_core.ports.control_store import ControlUnit


def person_named(unit: ControlUnit, name: str) -> Person | None:
    """The person whose name is spelled exactly so, else the one of any other spelling."""
    return unit.people.get(name) or spelled_alike(unit.people.all(), name)
