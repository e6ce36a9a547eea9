"""Resolve an alert by hand; it opens again as the same alert when its condition is seen again."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.answer_alert import answer_alert
from rollout_core.control.change import Change
from rollout_core.control.transact import Attempt
from rollout_core.health import alert_life
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "resolve_alert"


@dataclass(frozen=True, slots=True)
class ResolveAlert:
    """`alert` is its id."""

    alert: str
    reason: str | None = None


def resolve_alert(room: Room, actor: Actor, request: ResolveAlert) -> Change:
    """Raises NotPermitted, NotFound."""
    reason = (request.reason or "").strip()
    return answer_alert(room, Attempt(actor, NAME, request, Role.OPERATOR), reason,
                        lambda alert, now: alert_life.resolve(alert, actor.principal, reason, now))
