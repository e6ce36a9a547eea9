"""Turns what a sweep sighted into alerts: opened, kept, calmed, resolved, each step remembered and told."""

from __future__ import annotations

from collections.abc import Iterable

from rollout_core.health.alert import Alert, AlertState
from rollout_core.health.alert_life import respond_within, settle
from rollout_core.health.sighting import Sighting
from rollout_core.insight.scene import Scene
from rollout_core.ports.control_records import OutboxMessage
from rollout_core.ports.control_store import ControlUnit

TOLD = {"opened", "reopened", "raised", "resolved"}
"""Steps that people are told of."""


def settle_alerts(unit: ControlUnit, here: Scene, sightings: Iterable[Sighting]) -> tuple[int, int]:
    """Settles every sighting; how many alerts opened (or reopened), and how many were resolved."""
    within = respond_within(here.plan.alert_levels)
    opened = resolved = 0
    for sighting in sightings:
        before = unit.alerts.find(here.rollout.key, sighting.rule, sighting.scope)
        alert, step = settle(before, sighting, here.now, within)
        if alert is None or (alert == before and step is None):
            continue
        unit.alerts.save(alert, step)
        if step is not None and step.what in TOLD:
            opened += step.what in ("opened", "reopened")
            resolved += step.what == "resolved"
            unit.outbox.add(_message(unit, alert, step.what, here))
    return opened, resolved


def _message(unit: ControlUnit, alert: Alert, what: str, here: Scene) -> OutboxMessage:
    body = alert.title if alert.state is AlertState.RESOLVED else " ".join([alert.title, *alert.advice])
    return OutboxMessage(id=0, created_at=here.now, topic=f"alert.{what}", rollout=alert.rollout,
                         title=f"{here.rollout.name}: {alert.title} ({what})", body=body,
                         severity=str(alert.severity), dedup=alert.id,
                         facts={"rule": alert.rule, "audit_head": str(unit.audit.head())})
