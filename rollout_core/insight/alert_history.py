"""What happened to one alert: opened, acknowledged, snoozed, resolved, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.health.alert import Alert, AlertEvent
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class AlertHistoryRequest:
    """`alert` is its id."""

    alert: str


@dataclass(frozen=True, slots=True)
class AlertHistoryAnswer:
    """Steps oldest first."""

    alert: Alert
    events: tuple[AlertEvent, ...]


def answer(room: Room, request: AlertHistoryRequest) -> AlertHistoryAnswer:
    """Raises NotFound."""
    with room.control.read() as unit:
        return AlertHistoryAnswer(unit.alerts.get(request.alert), unit.alerts.history(request.alert))
