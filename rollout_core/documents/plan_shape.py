"""The shape of a plan document (`format: rollout-plan/1`): which keys there are and which codec reads each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rollout_core.documents.bound import Bound
from rollout_core.documents.codec import Key, ListOf, MapOf, OneOf, Scalar, Text, Truth, Whole
from rollout_core.documents.findings import Findings
from rollout_core.documents.format_line import FormatLine
from rollout_core.documents.located import Located
from rollout_core.documents.quantities import Deadline, Duration, Percentage, Quantity
from rollout_core.documents.record import Field, Part, Record
from rollout_core.documents.rule_codec import RuleCodec
from rollout_core.flags.audience import Audience
from rollout_core.flags.flag import Flag, Variant
from rollout_core.flags.holdout import MAX_HOLDOUT_PERCENT, Holdout
from rollout_core.flags.segment import Segment
from rollout_core.rollouts import plan as parts
from rollout_core.rollouts.phase import Criterion, Phase

FORMAT = "rollout-plan/1"
ATTRIBUTE_TYPES = ("string", "number", "boolean", "time", "list")
CONDITION_KINDS = ("metric", "critical_issue", "health_check", "security_issue")
ALERT_KINDS = (*CONDITION_KINDS, "overshoot", "sample_ratio", "missing_data", "overdue_rollback", "phase_overdue")
_KEYS = ListOf(Key())
_LINES = ListOf(Text(), unique=None)


def _named(*more: Part) -> tuple[Part, ...]:
    """Every listed thing has a stable key and a name for people."""
    return (Field("key", Key(), required=True), Field("name", Text(), required=True), *more)


_VARIANT = Record(Variant, (
    Field("key", Key(), required=True), Field("value", Scalar(), required=True), Field("weight", Whole(1, 1_000_000)),
))
_FLAG = Record(Flag, _named(
    Field("description", Text()), Field("tags", _KEYS), Field("prerequisite", Key()),
    Field("variants", ListOf(_VARIANT)),
))
_ATTRIBUTE = Record(parts.Attribute, (
    Field("key", Key(), required=True), Field("type", OneOf(ATTRIBUTE_TYPES), required=True),
    Field("owner", OneOf(("register", "context"))), Field("values", _LINES),
))
_RULE = Field("rule", RuleCodec(), required=True)
_SEGMENT = Record(Segment, _named(_RULE))
_AUDIENCE = Record(Audience, _named(_RULE, Field("keep_control", Percentage())))
_CRITERION = Record(Criterion, _named(
    Bound("target"), Field("tag", Key()), Field("lists", _LINES),
))
_PHASE = Record(Phase, _named(
    Field("target", Text()), Field("description", Text()),
    Field("percentage", Percentage(), required=True), Field("through", Key(), required=True),
    Field("fill_first", _KEYS), Field("adds", _KEYS),
    Field("minimum_duration", Duration()), Field("maximum_duration", Duration()),
    Field("criteria", ListOf(_CRITERION)),
))
_WHEN = (Field("while_percentage_above", Percentage()), Field("after", Duration()), Field("tag", Key()))
_GUARDRAIL = Record(parts.Guardrail, _named(
    Field("metric", Key(), required=True), Field("margin", Quantity(low=0), required=True),
    Field("mde", Quantity(low=0), required=True), Field("relative", Truth()), Field("rung", OneOf(parts.Rung)),
))
_PAUSE_CONDITION = Record(parts.PauseCondition, _named(
    Field("kind", OneOf(CONDITION_KINDS)), Bound("threshold"), *_WHEN,
    Field("decide", OneOf(("evidence", "threshold"))), Field("rung", OneOf(parts.Rung)),
))
_ALERT = Record(parts.AlertRule, _named(
    Field("severity", OneOf(parts.Severity), required=True), Field("kind", OneOf(ALERT_KINDS)), Bound("threshold"),
    *_WHEN, Field("calm", Duration()), Field("advice", _LINES),
))
_ALERT_LEVEL = Record(parts.AlertLevel, (
    Field("severity", OneOf(parts.Severity), required=True), Field("respond_within", Deadline(), required=True),
    Field("meaning", Text()),
))
_KPI = Record(parts.KpiTarget, (
    Field("key", Key(), required=True), Field("group", Text(), required=True), Field("name", Text(), required=True),
    Bound("target"), Field("tag", Key()),
))
_ROLLBACK = Record(parts.RollbackProcedure, (
    Field("kind", OneOf(("immediate", "gradual", "full")), required=True), Field("trigger", Text(), required=True),
    Field("action", Text(), required=True), Field("due", Duration(), required=True),
    Field("reduce_by", Quantity(0, 1)), Field("communication", Text()), Field("monitoring", Text()),
    Field("review", Text()),
))
_STEPS = ListOf(Record(parts.ChecklistItem, (
    Field("key", Key(), required=True), Field("group", Text(), required=True), Field("text", Text(), required=True),
)))
_CONTACT = Record(parts.Contact, (Field("role", Text(), required=True), Field("name", Text()),
                                  Field("address", Text())))
_GUIDE = Record(parts.Guide, _named(Field("steps", ListOf(Text(), at_least=1, unique=None), required=True)))
_CHANNEL = Record(parts.Channel, _named(Field("text", Text(), required=True)))
_REVISION = Record(parts.PlanRevision, (Field("label", Text(), required=True), Field("note", Text(), required=True)))
_HEALTH = Record(parts.HealthRules, (
    Field("error_metric", Key()), Field("error_target", Quantity(0, 1)), Field("error_limit", Quantity(0, 1)),
    Field("adoption_floor", Quantity(0, 1)), Field("adoption_target", Quantity(0, 1)), Field("grace", Duration()),
    *(Field(key, Whole(0, 100)) for key in ("error_points", "adoption_points", "critical_points", "high_points")),
))
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_ENVIRONMENT = Record(parts.EnvironmentNames, (
    Field("flags", MapOf(Key(), _VARIABLE)), Field("start_percentage", Key()), Field("start_phase", Key()),
    Field("collection", MapOf(_KEYS, _VARIABLE)),
))
_AUTOPILOT = Record(parts.AutopilotRules, (
    Field("mode", OneOf(("off", "advise", "act"))), Field("dwell", Duration()), Field("may_advance", Truth()),
    Field("sweep_every", Duration()), Field("incident_sweep_every", Duration()), Field("error_budget", Quantity(0, 1)),
    Field("risk_budget_errors", Quantity(low=0)),
))
_MEASUREMENT = Record(parts.MeasurementRules, (
    Field("error_basis", OneOf(("requests", "sessions"))), Field("adoption_age", Duration()),
    Field("adoption_floor_age", Duration()), Field("lateness", Duration()), Field("late_limit", Duration()),
    Field("retention_day", Whole(1, 365)), Field("minimum_sample", Whole(1, 1_000_000)),
    Field("stale_after", Duration()), Field("baseline_days", Whole(1, 365)),
))
_HOLDOUT = Record(Holdout, (
    Field("percentage", Percentage(MAX_HOLDOUT_PERCENT), attribute="buckets"), Field("audiences", _KEYS),
))


@dataclass(frozen=True, slots=True)
class SafeState:
    """Where a full rollback goes: a percentage (0..100) or the key of a phase."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        return (Key() if isinstance(node.value, str) else Percentage()).read(node, path, found)

    def write(self, value: Any) -> object:
        return value if isinstance(value, str) else Percentage().write(value)


PLAN = Record(parts.Plan, (
    FormatLine(FORMAT),
    Field("key", Key(), required=True), Field("name", Text(), required=True),
    Field("version", Whole(1, 1_000_000), required=True), Field("note", Text(), required=True),
    Field("source", Text()), Field("description", Text(), required=True),
    Field("unit", Key(), required=True), Field("cluster", Key(), absent=None),
    Field("attributes", ListOf(_ATTRIBUTE), required=True), Field("eligibility", RuleCodec(), required=True),
    Field("segments", ListOf(_SEGMENT), required=True), Field("audiences", ListOf(_AUDIENCE, 1), required=True),
    Field("flags", ListOf(_FLAG, 1), required=True), Field("phases", ListOf(_PHASE, 1), required=True),
    Field("safe_state", SafeState(), required=True), Field("holdout", _HOLDOUT),
    Field("guardrails", ListOf(_GUARDRAIL)), Field("pause_conditions", ListOf(_PAUSE_CONDITION)),
    Field("alert_levels", ListOf(_ALERT_LEVEL, unique="severity")), Field("alerts", ListOf(_ALERT)),
    Field("kpis", ListOf(_KPI)), Field("health", _HEALTH), Field("measurement", _MEASUREMENT),
    Field("autopilot", _AUTOPILOT), Field("rollbacks", ListOf(_ROLLBACK, unique="kind")),
    Field("checklist", _STEPS), Field("advancement", _STEPS), Field("review_every", Duration()),
    Field("guides", ListOf(_GUIDE)), Field("channels", ListOf(_CHANNEL)),
    Field("contacts", ListOf(_CONTACT, unique="role")), Field("environment", _ENVIRONMENT),
    Field("history", ListOf(_REVISION, unique="label")),
))
