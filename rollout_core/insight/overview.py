"""All rollouts at a glance, worst first, and what needs a person. Cheap: rollups and the live tail only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.status import AlertCounts, GateBrief, HealthBrief, PhaseStep, Share
from rollout_core.metrics.measured import Measured


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """Nothing to say: all rollouts."""


@dataclass(frozen=True, slots=True)
class Need:
    """One line of "Needs you". `verb` is the button's verb (`acknowledge_alert`, `roll_back`, `advance`, ...) or ""."""

    rollout: str
    rollout_name: str
    severity: str
    title: str
    detail: str
    verb: str = ""
    alert: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RolloutLine:
    """One rollout's card."""

    rollout: str
    name: str
    unit: str
    status: str
    revision: int
    phase: PhaseStep | None
    phases: tuple[PhaseStep, ...]
    share: Share
    health: HealthBrief
    alerts: AlertCounts
    gates: GateBrief
    metrics: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class OverviewAnswer:
    """`simulated` marks a demo store."""

    needs: tuple[Need, ...]
    rollouts: tuple[RolloutLine, ...]
    last_event_at: datetime | None
    computed_at: datetime
    simulated: bool
