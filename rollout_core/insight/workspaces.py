"""The enabled subjects of the register (the seed's "enabled workspaces"), paged and searchable, with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.flags.targeting import AttributeValue


@dataclass(frozen=True, slots=True)
class WorkspacesRequest:
    """`page` counts from 1; `enabled` True: only who has it, False: only who has not, None: both."""

    rollout: str | None = None
    search: str = ""
    page: int = 1
    page_size: int = 50
    enabled: bool | None = True


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """One subject: what it gets and why, and what it did in the last 28 days. None: not known, never zero."""

    subject: str
    enabled: bool
    arm: str
    reason: str
    audience: str | None
    bucket: int
    attributes: tuple[tuple[str, AttributeValue], ...]
    first_exposed_at: datetime | None
    last_active_at: datetime | None
    sessions: int | None
    feature_uses: int | None
    requests: int | None
    errors: int | None
    satisfaction: float | None


@dataclass(frozen=True, slots=True)
class WorkspacesAnswer:
    """`total` is how many match; None when only this page was looked at."""

    rollout: str
    unit: str
    total: int | None
    page: int
    page_size: int
    subjects: tuple[SubjectLine, ...]
    note: str = ""
