"""What goes wrong: rates by arm and category, groups with who was hit and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Measured, Window


@dataclass(frozen=True, slots=True)
class ErrorsRequest:
    """Window as in MetricsRequest. `category` narrows; `state`: unresolved | resolved | ignored | all."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    category: str | None = None
    state: str = "unresolved"
    limit: int = 50


@dataclass(frozen=True, slots=True)
class CategoryRate:
    """Sessions with an error of this category ÷ sessions, by arm."""

    category: str
    treatment: Measured
    control: Measured


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """One fingerprint. `treatment`, `control`: how many of its occurrences were in each arm."""

    fingerprint: str
    title: str
    category: str
    severity: str
    first_seen_at: datetime
    last_seen_at: datetime
    occurrences: int
    subjects: int
    treatment: int
    control: int
    state: str
    regressed: bool
    release: str


@dataclass(frozen=True, slots=True)
class ErrorsAnswer:
    """`basis`: requests | sessions, as the plan measures its error rate."""

    rollout: str
    window: Window
    basis: str
    treatment: Measured
    control: Measured
    change: Measured
    critical: Measured
    critical_control: Measured
    error_free_sessions: Measured
    categories: tuple[CategoryRate, ...]
    groups: tuple[ErrorGroup, ...]
    unattributed: int
    computed_at: datetime
