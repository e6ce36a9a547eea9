"""Alerts and issues in the control database."""

from __future__ import annotations

from sqlalchemy import Connection

from rollout_core.errors import NotFound
from rollout_core.health.alert import UNRESOLVED, Alert, AlertEvent
from rollout_core.health.issue import Issue, IssueState
from rollout_core.storage.control_documents import DocumentTable
from rollout_core.storage.control_tables import ALERT_HISTORY, ALERTS, ISSUES


class SqlAlerts:
    """The repository; see `rollout_core.ports.control_procedure.Alerts`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, ALERTS, Alert)
        self._steps = DocumentTable(connection, ALERT_HISTORY, AlertEvent)

    def get(self, id: str) -> Alert:
        """Raises NotFound."""
        alert = self._rows.get(id=id)
        if alert is None:
            raise NotFound(f"There is no alert {id!r}.", mend="See `rollout alerts`.", alert=id)
        return alert

    def find(self, rollout: str, rule: str, scope: str) -> Alert | None:
        """In whatever state."""
        return self._rows.get(rollout=rollout, rule=rule, scope=scope)

    def all(self, rollout: str | None = None, *, unresolved: bool = False, limit: int = 500) -> tuple[Alert, ...]:
        """Newest change first."""
        conditions = [ALERTS.c.rollout == rollout] if rollout is not None else []
        if unresolved:
            conditions.append(ALERTS.c.state.in_([str(state) for state in UNRESOLVED]))
        return self._rows.all(*conditions, order=(ALERTS.c.changed_at.desc(), ALERTS.c.id), limit=limit)

    def save(self, alert: Alert, event: AlertEvent | None = None) -> None:
        """Inserts or replaces."""
        self._rows.put(alert, {"id": alert.id}, rollout=alert.rollout, rule=alert.rule, scope=alert.scope,
                       state=str(alert.state), changed_at=alert.changed_at)
        if event is not None:
            number = self._steps.next_number("number", alert=alert.id)
            self._steps.put(event, {"alert": alert.id, "number": number})

    def history(self, id: str) -> tuple[AlertEvent, ...]:
        """Oldest first."""
        return self._steps.all(ALERT_HISTORY.c.alert == id, order=(ALERT_HISTORY.c.number,))


class SqlIssues:
    """The repository; see `rollout_core.ports.control_procedure.Issues`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, ISSUES, Issue)

    def get(self, id: str) -> Issue:
        """Raises NotFound."""
        issue = self._rows.get(id=id)
        if issue is None:
            raise NotFound(f"There is no issue {id!r}.", mend="See `rollout issue list`.", issue=id)
        return issue

    def find(self, rollout: str, kind: str, source: str) -> Issue | None:
        """The newest from this source."""
        found = self._rows.all(ISSUES.c.rollout == rollout, ISSUES.c.kind == kind, ISSUES.c.source == source,
                               order=(ISSUES.c.changed_at.desc(),), limit=1)
        return found[0] if found else None

    def all(self, rollout: str | None = None, *, open_only: bool = False, limit: int = 500) -> tuple[Issue, ...]:
        """Newest change first."""
        conditions = [ISSUES.c.rollout == rollout] if rollout is not None else []
        if open_only:
            conditions.append(ISSUES.c.state == str(IssueState.OPEN))
        return self._rows.all(*conditions, order=(ISSUES.c.changed_at.desc(), ISSUES.c.id), limit=limit)

    def save(self, issue: Issue) -> None:
        """Inserts or replaces."""
        self._rows.put(issue, {"id": issue.id}, rollout=issue.rollout, kind=issue.kind, source=issue.source,
                       state=str(issue.state), changed_at=issue.changed_at)
