"""What acknowledging, snoozing and resolving an alert have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.health.alert import Alert
from rollout_core.health.alert_life import Stepped
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

Step = Callable[[Alert, datetime], Stepped]


def answer_alert(room: Room, attempt: Attempt, reason: str, step: Step) -> Change:
    """Takes the step and keeps it in the alert's history and in the trail. Raises NotPermitted, NotFound."""
    def make(unit: ControlUnit, when: Moment) -> Change:
        before = unit.alerts.get(attempt.request.alert)
        after, event = step(before, when.at)
        unit.alerts.save(after, event)
        record = unit.audit.append(entry(
            attempt.actor, when, attempt.verb, rollout=before.rollout, reason=reason,
            before={"alert": before.id, "state": str(before.state)},
            after={"alert": after.id, "title": after.title, "state": str(after.state)}))
        return Change(attempt.verb, before.rollout, record.seq, result={"alert": after})

    return act(room, attempt, make)
