"""The phases as a timeline, with the audiences each fills and who has it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.series import Mark
from rollout_core.insight.status import PhaseStep, Share


@dataclass(frozen=True, slots=True)
class PhasesRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class AudienceLine:
    """One audience in filling order. Counts are of subjects not in an earlier audience; None without a register.

    `joins` is how many more would have it in the next phase.
    """

    key: str
    name: str
    threshold: int
    eligible: int | None
    have: int | None
    joins: int | None


@dataclass(frozen=True, slots=True)
class EpochLine:
    """One stretch of constant thresholds, newest first."""

    number: int
    began_at: datetime
    ended_at: datetime | None
    phase: str | None
    percentage: float
    cause: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhasesAnswer:
    """The stepper, the timeline and the audiences."""

    rollout: str
    phases: tuple[PhaseStep, ...]
    share: Share
    audiences: tuple[AudienceLine, ...]
    epochs: tuple[EpochLine, ...]
    marks: tuple[Mark, ...]
    computed_at: datetime
