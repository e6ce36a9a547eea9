"""An actor: who asks for a change, how that was proven, and who they say they act for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.people.role import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """`principal` is authenticated; `claimed` is what --as said and is recorded beside it, never instead of it.

    `via`: session | token | owner (holder of the store's secret) | autopilot | setup. `origin`: page, http, cli, sweep.
    """

    principal: str
    role: Role
    via: str
    origin: str = ""
    claimed: str | None = None
    session_id: str | None = None
    last_known_at: datetime | None = None
    """Set when the control store could not tell who this is: when it last did. Enough to pause or stop, no more."""


AUTOPILOT = Actor(principal="autopilot", role=Role.ADMIN, via="autopilot", origin="sweep")
