"""What is wrong besides the numbers: open issues, failed or overdue health checks, security issues."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight.freshness import newest_events
from rollout_core.insight.scene import Scene
from rollout_core.insight.words import instant
from rollout_core.ports.event_questions import Latest
from rollout_core.ports.event_store import EventStore

LOOK_BACK = timedelta(days=7)
"""A component that has not reported for this long is no longer part of the system."""

SECURITY_LOOK_BACK = timedelta(days=365)
"""Security issues stay open until somebody resolves them."""


def open_issues(scene: Scene) -> list[Issue]:
    """Issues that nobody has resolved or ignored."""
    return [issue for issue in scene.issues if issue.state is IssueState.OPEN]


def critical_issues(scene: Scene) -> list[Issue]:
    """Open critical issues."""
    return [issue for issue in open_issues(scene) if issue.priority is IssuePriority.CRITICAL]


def failed_checks(events: EventStore, scene: Scene) -> list[str] | None:
    """Components whose newest check is not ok, and those that are overdue, in words; None when none has ever reported.

    Overdue: older than the plan's time after which data are stale.
    """
    rows = _latest(events, "health_check", scene.now - LOOK_BACK)
    if not rows:
        return None
    oldest = scene.now - scene.plan.measurement.stale_after
    silent = [row for row in rows if row["ok"] and row["occurred_at"] < oldest]
    words = [f"{row['name']} failed on {instant(row['occurred_at'])}" for row in rows if not row["ok"]]
    if silent:
        names = ", ".join(row["name"] for row in silent)
        verb = "has" if len(silent) == 1 else "have"
        words.append(f"{names} {verb} not reported since {instant(max(row['occurred_at'] for row in silent))}")
    return words


def security_issues(events: EventStore, scene: Scene) -> list[str]:
    """Critical security issues that are open: as events not resolved since, or as issues."""
    rows = _latest(events, "security_issue", scene.now - SECURITY_LOOK_BACK)
    known = {issue.source: issue for issue in scene.issues if issue.kind == "security_issue" and issue.source}
    words = []
    for row in rows:
        issue = known.get(row["name"] or "")
        settled = row["state"] == "resolved" or (issue is not None and issue.state is not IssueState.OPEN)
        if row["severity"] == "critical" and not settled:
            words.append(row["message"] or row["name"] or "critical security issue")
    words += [issue.title for issue in open_issues(scene) if issue.kind == "security_issue"
              and issue.priority is IssuePriority.CRITICAL and issue.title not in words]
    return words


def _latest(events: EventStore, kind: str, since_at: datetime) -> list[dict[str, Any]]:
    """The newest event of each name; nothing is looked for of a kind that has been silent for so long."""
    newest = newest_events(events).get(kind)
    return events.measure(Latest(kind, since_at)).records() if newest is not None and newest >= since_at else []
