"""What people look after: alerts, issues, the checklist and signatures.

Repositories of the control store; see `rollout_core.ports.control_store`.
"""

from __future__ import annotations

from typing import Protocol

from rollout_core.health.alert import Alert, AlertEvent
from rollout_core.health.issue import Issue
from rollout_core.ports.control_records import Signoff, Tick, Waiver


class Alerts(Protocol):
    """Alerts with their history."""

    def get(self, id: str) -> Alert:
        """Raises NotFound."""
        ...

    def find(self, rollout: str, rule: str, scope: str) -> Alert | None:
        """The alert of this rule and scope, in whatever state."""
        ...

    def all(self, rollout: str | None = None, *, unresolved: bool = False, limit: int = 500) -> tuple[Alert, ...]:
        """Alerts, newest change first."""
        ...

    def save(self, alert: Alert, event: AlertEvent | None = None) -> None:
        """Inserts or replaces the alert and adds the step to its history."""
        ...

    def history(self, id: str) -> tuple[AlertEvent, ...]:
        """Its steps, oldest first."""
        ...


class Issues(Protocol):
    """Issues that people or events opened."""

    def get(self, id: str) -> Issue:
        """Raises NotFound."""
        ...

    def find(self, rollout: str, kind: str, source: str) -> Issue | None:
        """The issue that came from this source."""
        ...

    def all(self, rollout: str | None = None, *, open_only: bool = False, limit: int = 500) -> tuple[Issue, ...]:
        """Issues, newest change first."""
        ...

    def save(self, issue: Issue) -> None:
        """Inserts or replaces."""
        ...


class Checklist(Protocol):
    """What was ticked or waived before the start."""

    def tick(self, tick: Tick) -> None:
        """Inserts or replaces."""
        ...

    def untick(self, rollout: str, item: str) -> None:
        """Takes a tick back."""
        ...

    def ticks(self, rollout: str) -> tuple[Tick, ...]:
        """By item."""
        ...

    def waive(self, waiver: Waiver) -> None:
        """Inserts or replaces."""
        ...

    def waivers(self, rollout: str) -> tuple[Waiver, ...]:
        """By item."""
        ...


class Signoffs(Protocol):
    """Criteria that people signed."""

    def add(self, signoff: Signoff) -> None:
        """Append-only."""
        ...

    def of(self, rollout: str, phase: str | None = None) -> tuple[Signoff, ...]:
        """The newest sign-off of each criterion."""
        ...
