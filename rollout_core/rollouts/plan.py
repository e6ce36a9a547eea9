"""A plan: the document that says how a change reaches people. Numbers live here, never in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.flag import Flag
from rollout_core.flags.holdout import NO_HOLDOUT, Holdout
from rollout_core.flags.segment import Segment
from rollout_core.flags.targeting import EVERYBODY, Rule
from rollout_core.rollouts.phase import Comparison, Criterion, Phase


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
class Attribute:
    """An attribute of a subject. `type`: string | number | boolean | time | list. `owner`: register | context."""

    key: str
    type: str
    owner: str = "register"
    values: tuple[str, ...] = ()


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
class EnvironmentNames:
    """Environment variables with a meaning for this plan."""

    flags: Mapping[str, str] = field(default_factory=dict)            # variable -> flag key
    start_percentage: str | None = None
    start_phase: str | None = None
    collection: Mapping[str, tuple[str, ...]] = field(default_factory=dict)   # variable -> event kinds it switches off


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


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan in one version. Phases and audiences have stable keys; the last audience is every eligible subject.

    `safe_state` is the percentage (buckets) or the phase key that `roll_back full` goes to. `advancement` is what people
    go through between two phases, `review_every` how often they meet over the plan while it runs.
    """

    key: str
    name: str
    version: int
    note: str
    unit: str
    cluster: str | None
    description: str
    eligibility: Rule
    attributes: tuple[Attribute, ...]
    segments: tuple[Segment, ...]
    audiences: tuple[Audience, ...]
    flags: tuple[Flag, ...]
    phases: tuple[Phase, ...]
    safe_state: str | int
    guardrails: tuple[Guardrail, ...] = ()
    pause_conditions: tuple[PauseCondition, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    kpis: tuple[KpiTarget, ...] = ()
    rollbacks: tuple[RollbackProcedure, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    contacts: tuple[Contact, ...] = ()
    health: HealthRules = HealthRules()
    environment: EnvironmentNames = field(default_factory=EnvironmentNames)
    autopilot: AutopilotRules = AutopilotRules()
    measurement: MeasurementRules = MeasurementRules()
    holdout: Holdout = NO_HOLDOUT
    source: str = ""
    alert_levels: tuple[AlertLevel, ...] = ()
    advancement: tuple[ChecklistItem, ...] = ()
    guides: tuple[Guide, ...] = ()
    channels: tuple[Channel, ...] = ()
    history: tuple[PlanRevision, ...] = ()
    review_every: timedelta | None = None

    def phase(self, key: str) -> Phase:
        """The phase with this key. Raises KeyError."""
        return self.phases[self.phase_index(key)]

    def phase_index(self, key: str) -> int:
        """Its place, 0-based. Raises KeyError."""
        for index, phase in enumerate(self.phases):
            if phase.key == key:
                return index
        raise KeyError(key)

    def flags_served_in(self, key: str) -> frozenset[str]:
        """The flags switched on by this phase and all before it."""
        entered = self.phases[: self.phase_index(key) + 1]
        return frozenset(flag for phase in entered for flag in phase.adds)


EVERY_ELIGIBLE = Audience(key="everyone", name="Every eligible subject", rule=EVERYBODY)
WHOLE = BUCKETS

__all__ = [
    "AlertLevel", "AlertRule", "Attribute", "AutopilotRules", "Channel", "ChecklistItem", "Contact", "Criterion",
    "EVERY_ELIGIBLE", "EnvironmentNames", "Guardrail", "Guide", "HealthRules", "KpiTarget", "MeasurementRules",
    "PauseCondition", "Plan", "PlanRevision", "RollbackProcedure", "Rule", "Rung", "Severity", "WHOLE",
]
