"""What a plan lets machines decide and measure: guardrails, pause conditions, alerts, targets, health, autopilot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from rollout_core.rollouts.phase import Comparison


class Severity(StrEnum):
    """How soon an alert wants an answer: at once, within 2 h, within 8 h, never."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Rung(StrEnum):
    """What the autopilot's rule asks for first."""

    HOLD = "hold"
    HALVE = "halve"
    PREVIOUS_PHASE = "previous_phase"
    SAFE_STATE = "safe_state"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What must not get worse in treatment against control: the tolerated margin and the smallest harm worth finding.

    `relative` True: margin and mde are shares of control's value; else in the metric's unit.
    """

    key: str
    name: str
    metric: str
    margin: float
    mde: float
    relative: bool = False
    rung: Rung = Rung.HALVE


@dataclass(frozen=True, slots=True)
class PauseCondition:
    """A condition that pauses. `kind`: metric | critical_issue | health_check | security_issue.

    `decide` "evidence" waits for proof; "threshold" acts on the bare value, as the seeds do.
    """

    key: str
    name: str
    kind: str = "metric"
    metric: str | None = None
    comparison: Comparison | None = None
    threshold: float | None = None
    while_percentage_above: int | None = None
    after: timedelta | None = None
    decide: str = "evidence"
    rung: Rung = Rung.PAUSE
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A condition that tells a person. `kind` as in PauseCondition plus overshoot | sample_ratio | missing_data |
    overdue_rollback | phase_overdue."""

    key: str
    name: str
    severity: Severity
    kind: str = "metric"
    metric: str | None = None
    comparison: Comparison | None = None
    threshold: float | None = None
    while_percentage_above: int | None = None
    after: timedelta | None = None
    calm: timedelta = timedelta(minutes=15)
    advice: tuple[str, ...] = ()
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class AlertLevel:
    """What a severity asks of a person: answer within `respond_within` (zero: at once; None: no answer needed)."""

    severity: Severity
    respond_within: timedelta | None
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class KpiTarget:
    """A success metric of the plan; `metric` None means a person reports it. `group` such as technical, user."""

    key: str
    group: str
    name: str
    metric: str | None = None
    comparison: Comparison | None = None
    target: float | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class HealthRules:
    """Where deductions begin and end (shares 0..1), how many points each may take, how long adoption is not counted."""

    error_metric: str = "error_rate"
    error_target: float = 0.02
    error_limit: float = 0.05
    adoption_floor: float = 0.10
    adoption_target: float = 0.70
    grace: timedelta = timedelta(hours=48)
    error_points: int = 30
    adoption_points: int = 25
    critical_points: int = 20
    high_points: int = 10


@dataclass(frozen=True, slots=True)
class AutopilotRules:
    """How the autopilot behaves: mode off | advise | act, dwell between rungs, whether it may advance."""

    mode: str = "advise"
    dwell: timedelta = timedelta(hours=2)
    may_advance: bool = False
    sweep_every: timedelta = timedelta(minutes=1)
    incident_sweep_every: timedelta = timedelta(minutes=1)
    error_budget: float = 0.05
    risk_budget_errors: float | None = None


@dataclass(frozen=True, slots=True)
class MeasurementRules:
    """How metrics are computed for this plan."""

    error_basis: str = "requests"              # requests | sessions
    adoption_age: timedelta = timedelta(days=7)
    adoption_floor_age: timedelta = timedelta(hours=48)
    lateness: timedelta = timedelta(minutes=2)
    late_limit: timedelta = timedelta(days=7)
    retention_day: int = 7
    minimum_sample: int = 30
    stale_after: timedelta = timedelta(minutes=30)
    baseline_days: int = 28
