"""Where one rollout is: phase, share, health, alerts, what may happen next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.metrics.measured import Measured


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How much is served: `percentage` (0..100) and `buckets` are planned; the rest is counted in the register.

    `have`, `eligible` and `real_percentage` are None when there is no register to count in.
    """

    percentage: float
    buckets: int
    have: int | None
    eligible: int | None
    real_percentage: float | None


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """One phase in the stepper. `state`: done | now | ahead | left (entered, then rolled back). `spent`: how long it
    was in force, all `stays` together; None before the first. `minimum`: how long it has to last."""

    key: str
    number: int
    name: str
    percentage: float
    state: str
    adds: tuple[str, ...]
    entered_at: datetime | None = None
    left_at: datetime | None = None
    minimum_until_at: datetime | None = None
    maximum_until_at: datetime | None = None
    description: str = ""
    spent: timedelta | None = None
    minimum: timedelta | None = None
    stays: int = 1


@dataclass(frozen=True, slots=True)
class HealthBrief:
    """The health score in one line. `change` is over the curve (None: unknown). `measured` False: no measurement stands
    behind the score, only the list of issues."""

    score: int
    word: str
    provisional: bool
    inputs: int
    inputs_with_data: int
    change: int | None = None
    spark: tuple[int | None, ...] = ()
    measured: bool = True


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """The score of one bucket, by its beginning; None: nothing to compute it from."""

    at: datetime
    score: int | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """Unresolved alerts by severity; apart from them the snoozed ones, and those whose condition is no longer true."""

    critical: int = 0
    error: int = 0
    warning: int = 0
    info: int = 0
    snoozed: int = 0
    calming: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A gate that is not open. `at`: when it opens (`sure`, a duration), or is as likely as not decided by then; None
    when nobody can say."""

    name: str
    state: str
    at: datetime | None
    sure: bool


@dataclass(frozen=True, slots=True)
class GateBrief:
    """How many gates of the present phase stand where, the one sentence that matters most, and all that are waited for,
    the worst first."""

    state: str
    words: str
    met: int
    not_met: int
    not_yet: int
    no_data: int
    to_sign: int
    total: int
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """`flags` are the keys served now; `forced` names environment variables in force (for the banner);
    `verbs` what the status allows next (roles are checked by the verbs themselves)."""

    rollout: str
    name: str
    plan: str
    plan_version: int
    unit: str
    status: str
    revision: int
    epoch: int
    autopilot: str
    phase: PhaseStep | None
    next_phase: PhaseStep | None
    phases: tuple[PhaseStep, ...]
    share: Share
    remembered_percentage: float | None
    started_at: datetime | None
    phase_entered_at: datetime | None
    flags: tuple[str, ...]
    forced: tuple[str, ...]
    health: HealthBrief
    alerts: AlertCounts
    gates: GateBrief
    metrics: tuple[Measured, ...]
    last_event_at: datetime | None
    verbs: tuple[str, ...]
    computed_at: datetime
    simulated: bool
