"""An alert: one condition of one rollout that wants a person, opened once, with its history kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


LOOKED_AT_LAST = timedelta(minutes=15)
"""What was seen longer ago is no longer said of now: sweeps come once a minute, and late ones within minutes."""


SINCE = "since_at"
"""In an alert's facts: when the limit was passed, as ISO text, where the rule knows that."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`rule` and `scope` (a flag, component, metric or '') name it: at most one alert of a rollout has the pair.

    `severity` may rise from warning to its rule's level when proven. `facts` is what was measured at the last look at
    which the condition was true, `seen_at` when that was; `latest` is what a later look saw that did not find it true.
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
    seen_at: datetime | None = None
    latest: str = ""

    @property
    def since_at(self) -> datetime:
        """Since when: what the rule knows of it, else when a look found it."""
        known = self.facts.get(SINCE)
        return datetime.fromisoformat(known) if isinstance(known, str) else self.opened_at

    def holds(self, now: datetime) -> bool | None:
        """Whether the condition is true at this instant; None: the last look could not judge it, or was too long ago.
        """
        if self.state is AlertState.RESOLVED or self.calm_since_at is not None:
            return False
        seen_at = self.seen_at or self.opened_at
        return None if self.latest or now - seen_at > LOOKED_AT_LAST else True


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One step in an alert's history. `what`: opened | reopened | acknowledged | snoozed | resolved | raised | calm."""

    alert: str
    at: datetime
    what: str
    by: str
    note: str = ""
