"""Acknowledge an alert: somebody has it in hand."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.answer_alert import answer_alert
from rollout_core.control.change import Change
from rollout_core.control.transact import Attempt
from rollout_core.health import alert_life
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "acknowledge_alert"


@dataclass(frozen=True, slots=True)
class AcknowledgeAlert:
    """`alert` is its id."""

    alert: str
    note: str = ""


def acknowledge_alert(room: Room, actor: Actor, request: AcknowledgeAlert) -> Change:
    """Raises NotPermitted, NotFound."""
    return answer_alert(
        room, Attempt(actor, NAME, request, Role.OPERATOR), request.note.strip(),
        lambda alert, now: alert_life.acknowledge(alert, actor.principal, now, request.note.strip()))
