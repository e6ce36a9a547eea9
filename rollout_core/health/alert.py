"""An alert: one condition of one rollout that wants a person, opened once, with its history kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rollout_core.rollouts.plan import Severity


class AlertState(StrEnum):
    """Where an alert is. SNOOZED is open, quiet until `snoozed_until_at`."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


UNRESOLVED = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SNOOZED)
"""The states of an alert whose condition has not been found calm or closed by a person."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`rule` and `scope` (a flag, component, metric or '') name it: at most one alert of a rollout has the pair.

    `severity` may rise from warning to its rule's level when proven. `facts` is what was measured at the last look.
    """

    id: str
    rollout: str
    rule: str
    scope: str
    severity: Severity
    state: AlertState
    title: str
    opened_at: datetime
    changed_at: datetime
    facts: Mapping[str, object] = field(default_factory=dict)
    advice: tuple[str, ...] = ()
    proven: bool = False
    due_at: datetime | None = None
    by: str | None = None
    note: str = ""
    snoozed_until_at: datetime | None = None
    calm_since_at: datetime | None = None
    resolved_at: datetime | None = None
    times_opened: int = 1


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One step in an alert's history. `what`: opened | reopened | acknowledged | snoozed | resolved | raised | calm."""

    alert: str
    at: datetime
    what: str
    by: str
    note: str = ""
