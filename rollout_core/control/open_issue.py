"""Open an issue: something a person or a source found wrong; critical and high ones lower the health score."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest
from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "open_issue"
KINDS = ("manual", "error_group", "security_issue", "support_ticket")


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """`source` names where it came from (a fingerprint, a ticket's number): the same source opens the same issue."""

    title: str
    priority: IssuePriority = IssuePriority.HIGH
    rollout: str | None = None
    kind: str = "manual"
    source: str = ""
    note: str = ""


def open_issue(room: Room, actor: Actor, request: OpenIssue) -> Change:
    """Opens it, or opens it again as a regression. Raises NotPermitted, InvalidRequest."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR),
               lambda unit, when: _make(unit, actor, request, when, room.new_token()[-12:]))


def _make(unit: ControlUnit, actor: Actor, request: OpenIssue, when: Moment, id: str) -> Change:
    if request.kind not in KINDS or not request.title.strip():
        raise InvalidRequest("An issue has a title and a known kind.", mend=f"Kinds: {', '.join(KINDS)}.",
                             kind=request.kind, title=request.title)
    rollout = rollout_of(unit, request.rollout)
    known = unit.issues.find(rollout.key, request.kind, request.source) if request.source else None
    issue = Issue(id, rollout.key, request.kind, request.priority, request.title.strip(), IssueState.OPEN, when.at,
                  when.at, request.source, actor.principal, request.note.strip())
    if known is not None:
        regression = known.regression or known.state is IssueState.RESOLVED
        issue = replace(issue, id=known.id, opened_at=known.opened_at, regression=regression)
    unit.issues.save(issue)
    record = unit.audit.append(entry(
        actor, when, NAME, rollout=rollout.key, reason=issue.note,
        after={"issue": issue.id, "kind": issue.kind, "priority": str(issue.priority), "title": issue.title}))
    return Change(NAME, rollout.key, record.seq, rollout, rollout, result={"issue": issue})
