"""A verb as the faces see it: one entry of the registry VERBS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollout_core.control.change import Change
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """`act(room, actor, request)` does it and answers a Change. `role` is the least that may ask; what raises
    exposure asks for an admin on top. `raises_exposure` tells a face to send the revision it showed.
    """

    name: str
    request: type
    act: Callable[[Room, Actor, Any], Change]
    role: Role
    summary: str
    raises_exposure: bool = False
