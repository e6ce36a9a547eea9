"""An actor: who asks for a change, how that was proven, and who they say they act for."""

from __future__ import annotations

from dataclasses import dataclass

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


AUTOPILOT = Actor(principal="autopilot", role=Role.ADMIN, via="autopilot", origin="sweep")
