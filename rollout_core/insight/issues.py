"""The issues that count in the health score: error groups, security issues, support tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.insight.question import rollout_of
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class IssuesRequest:
    """`state`: open | resolved | ignored | all."""

    rollout: str | None = None
    state: str = "open"


@dataclass(frozen=True, slots=True)
class IssuesAnswer:
    """Worst first."""

    rollout: str
    issues: tuple[Issue, ...]
    open_critical: int
    open_high: int
    computed_at: datetime


ORDER = {priority: place for place, priority in enumerate(IssuePriority)}


def answer(room: Room, request: IssuesRequest) -> IssuesAnswer:
    """The issues of the asked state."""
    with room.control.read() as unit:
        rollout = rollout_of(unit, request.rollout)
        found = unit.issues.all(rollout.key)
    wanted = [issue for issue in found if request.state in ("all", issue.state.value)]
    wanted.sort(key=lambda issue: (ORDER[issue.priority], -issue.changed_at.timestamp()))
    return IssuesAnswer(rollout.key, tuple(wanted), _open(found, IssuePriority.CRITICAL),
                        _open(found, IssuePriority.HIGH), room.clock.now())


def _open(issues: tuple[Issue, ...], priority: IssuePriority) -> int:
    return sum(1 for issue in issues if issue.state is IssueState.OPEN and issue.priority is priority)
