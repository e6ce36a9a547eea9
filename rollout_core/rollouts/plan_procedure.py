"""What a plan tells people: rollback procedures, checklists, guides, whom to call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RollbackProcedure:
    """One of immediate | gradual | full: when it is used, what it does, by when, who is told.

    `reduce_by` is the share of the percentage that the gradual one takes away (0.5: it is halved).
    """

    kind: str
    trigger: str
    action: str
    due: timedelta
    communication: str = ""
    review: str = ""
    monitoring: str = ""
    reduce_by: float | None = None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """Something to tick before the start."""

    key: str
    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call."""

    role: str
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """What to look at, step by step, when something is wrong."""

    key: str
    name: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """Where to turn with one kind of question."""

    key: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanRevision:
    """One line of a plan's history."""

    label: str
    note: str
