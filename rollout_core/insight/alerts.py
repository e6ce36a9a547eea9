"""The alerts, newest first, with deadlines and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.alert import UNRESOLVED, Alert, AlertState
from rollout_core.health.alert_life import overdue
from rollout_core.insight.status import AlertCounts
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Severity


@dataclass(frozen=True, slots=True)
class AlertsRequest:
    """`rollout` None: of all rollouts. `state`: unresolved | all | open | acknowledged | snoozed | resolved."""

    rollout: str | None = None
    state: str = "unresolved"
    limit: int = 200


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert with what depends on the present instant."""

    alert: Alert
    overdue: bool
    seconds_left: int | None


@dataclass(frozen=True, slots=True)
class AlertsAnswer:
    """Worst and most urgent first."""

    counts: AlertCounts
    alerts: tuple[AlertLine, ...]
    computed_at: datetime


ORDER = {severity: place for place, severity in enumerate(Severity)}


def answer(room: Room, request: AlertsRequest) -> AlertsAnswer:
    """The alerts of the asked state; counts are always of the unresolved ones."""
    now = room.clock.now()
    with room.control.read() as unit:
        unresolved = unit.alerts.all(request.rollout, unresolved=True)
        found = unresolved if request.state == "unresolved" else unit.alerts.all(request.rollout)
    wanted = [alert for alert in found if request.state in ("unresolved", "all", alert.state.value)]
    lines = sorted((line_of(alert, now) for alert in wanted), key=_urgency)
    return AlertsAnswer(counts_of(unresolved), tuple(lines[: request.limit]), now)


def line_of(alert: Alert, now: datetime) -> AlertLine:
    """An alert with its deadline seen from now."""
    waits = alert.state is AlertState.OPEN and alert.due_at is not None and alert.calm_since_at is None
    left = int((alert.due_at - now).total_seconds()) if waits and alert.due_at is not None else None
    return AlertLine(alert, overdue(alert, now), left)


def counts_of(alerts: Iterable[Alert]) -> AlertCounts:
    """How many unresolved alerts there are by severity; snoozed ones apart, and those that calm down."""
    return AlertCounts(**Counter(_counted_as(alert) for alert in alerts if alert.state in UNRESOLVED))


def _counted_as(alert: Alert) -> str:
    if alert.state is AlertState.SNOOZED:
        return "snoozed"
    return alert.severity.value if alert.calm_since_at is None else "calming"


def _urgency(line: AlertLine) -> tuple[bool, bool, int, bool, float]:
    """Unresolved ones first, what is calm after them, the worst first, then what is due first; without a deadline the
    newest first."""
    alert = line.alert
    waits = alert.state in UNRESOLVED and alert.due_at is not None
    at = alert.due_at.timestamp() if waits and alert.due_at is not None else -alert.changed_at.timestamp()
    return alert.state not in UNRESOLVED, alert.calm_since_at is not None, ORDER[alert.severity], not waits, at
