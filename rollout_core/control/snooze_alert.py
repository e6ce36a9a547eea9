"""Snooze an alert: quiet until an instant, for a reason; sweeps go on looking underneath."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.control.answer_alert import answer_alert
from rollout_core.control.change import Change
from rollout_core.control.transact import Attempt
from rollout_core.errors import InvalidRequest, ReasonMissing
from rollout_core.health import alert_life
from rollout_core.health.alert import Alert
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "snooze_alert"
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SnoozeAlert:
    """`hours` from now, at most a week."""

    alert: str
    hours: float = 1.0
    reason: str | None = None


def snooze_alert(room: Room, actor: Actor, request: SnoozeAlert) -> Change:
    """Raises NotPermitted, NotFound, ReasonMissing, InvalidRequest."""
    reason, quiet = (request.reason or "").strip(), timedelta(hours=request.hours)

    def snooze(alert: Alert, now: datetime) -> alert_life.Stepped:
        if not reason:
            raise ReasonMissing("Snoozing an alert needs a reason.", mend="Say why it can wait.")
        if not timedelta(0) < quiet <= LONGEST:
            raise InvalidRequest("An alert can be snoozed for up to seven days.", mend="Give fewer hours.",
                                 hours=request.hours)
        return alert_life.snooze(alert, actor.principal, now + quiet, reason, now)

    return answer_alert(room, Attempt(actor, NAME, request, Role.OPERATOR), reason, snooze)
