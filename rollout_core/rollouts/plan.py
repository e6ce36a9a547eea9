"""A plan: the document that says how a change reaches people. Numbers live here, never in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.flag import Flag
from rollout_core.flags.holdout import NO_HOLDOUT, Holdout
from rollout_core.flags.segment import Segment
from rollout_core.flags.targeting import EVERYBODY, Rule
from rollout_core.rollouts.phase import Criterion, Phase
from rollout_core.rollouts.plan_procedure import (
    Channel,
    ChecklistItem,
    Contact,
    Guide,
    PlanRevision,
    RollbackProcedure,
)
from rollout_core.rollouts.plan_rules import (
    AlertLevel,
    AlertRule,
    AutopilotRules,
    Guardrail,
    HealthRules,
    KpiTarget,
    MeasurementRules,
    PauseCondition,
    Rung,
    Severity,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a subject. `type`: string | number | boolean | time | list. `owner`: register | context."""

    key: str
    type: str
    owner: str = "register"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """Environment variables with a meaning for this plan."""

    flags: Mapping[str, str] = field(default_factory=dict)            # variable -> flag key
    start_percentage: str | None = None
    start_phase: str | None = None
    collection: Mapping[str, tuple[str, ...]] = field(default_factory=dict)   # variable -> event kinds it switches off


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan in one version. Phases and audiences have stable keys; the last audience is every eligible subject.

    `safe_state` is the percentage (buckets) or the phase key that `roll_back full` goes to. `advancement` is what
    people go through between two phases, `review_every` how often they meet over the plan while it runs.
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
    health: HealthRules = field(default_factory=HealthRules)
    environment: EnvironmentNames = field(default_factory=EnvironmentNames)
    autopilot: AutopilotRules = field(default_factory=AutopilotRules)
    measurement: MeasurementRules = field(default_factory=MeasurementRules)
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
    "EVERY_ELIGIBLE",
    "WHOLE",
    "AlertLevel",
    "AlertRule",
    "Attribute",
    "AutopilotRules",
    "Channel",
    "ChecklistItem",
    "Contact",
    "Criterion",
    "EnvironmentNames",
    "Guardrail",
    "Guide",
    "HealthRules",
    "KpiTarget",
    "MeasurementRules",
    "PauseCondition",
    "Plan",
    "PlanRevision",
    "RollbackProcedure",
    "Rule",
    "Rung",
    "Severity",
]
