"""An issue: an error group, security issue, support ticket or a person's own report, open until resolved or ignored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IssueState(StrEnum):
    """Where an issue is; a resolved one that is seen again is a regression and opens again."""

    OPEN = "open"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class IssuePriority(StrEnum):
    """How bad it is: critical takes 20 points of health in both seeds, high 10."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Issue:
    """`kind`: error_group | security_issue | support_ticket | manual. `source` names where it came from (fingerprint).

    `source` is unique within a rollout and kind when it is not empty.
    """

    id: str
    rollout: str
    kind: str
    priority: IssuePriority
    title: str
    state: IssueState
    opened_at: datetime
    changed_at: datetime
    source: str = ""
    by: str = ""
    note: str = ""
    regression: bool = False


