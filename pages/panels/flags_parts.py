"""Pieces of the flags page: a plan's flags, phases, targets and alert rules as table rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from pages.panels.furniture import section, table
from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.insight.plan import PlanAnswer
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusRequest
from rollout_core.metrics.catalog import CATALOG
from rollout_core.rollouts.phase import Comparison
from rollout_core.rollouts.plan import Plan

ON, WAITS = Word("On", "blue", "check"), Word("Waits", "gray", "hourglass_top")
KINDS: Mapping[str, str] = {
    "overshoot": "real share above the planned", "sample_ratio": "more in one arm than chance makes",
    "missing_data": "nothing arrives that did before", "overdue_rollback": "exposure not lowered in time",
    "phase_overdue": "phase lasts longer than planned", "critical_issue": "such an issue is open",
    "security_issue": "such an issue is open", "health_check": "a check says it is not well",
}
"""Kind of an alert rule without a number -> when it fires."""
SAID = {Comparison.ABOVE: "above", Comparison.AT_LEAST: "at least", Comparison.BELOW: "below",
        Comparison.AT_MOST: "at most"}


def reading(here: Here, entry: RolloutEntry, answer: PlanAnswer) -> None:
    """What the version in use says, as tables."""
    plan = answer.plan
    st.markdown(plain(plan.description))
    served = frozenset(here.ask("status", StatusRequest(entry.key)).flags)
    section("Which flags?", "On means: served to those who are in · a flag waits for its phase and its prerequisite")
    table(flag_rows(plan, served), "Flags")
    section("Which phases?")
    table(phase_rows(plan), "Phases")
    left, right = st.columns(2, gap="large")
    with left:
        section("What should it reach?", "Targets of the plan")
        table(target_rows(plan), "Targets")
    with right:
        section("What tells a person?", "Alert rules of the plan")
        table(alert_rows(plan), "Alert rules")


def flag_rows(plan: Plan, served: frozenset[str]) -> list[dict[str, str]]:
    """Each flag: on or waiting, the phase that adds it, what it needs. Two columns: keys do not break on a phone."""
    enters = {flag: f"{place} · {phase.name}" for place, phase in enumerate(plan.phases, 1) for flag in phase.adds}
    names = {flag.key: flag.name for flag in plan.flags}
    return [{"Flag": " ".join([f"**{plain(flag.name)}**", *(badge(plain(tag)) for tag in flag.tags)])
             + f"  \n{quiet(plain(flag.key))}",
             "State": f"{(ON if flag.key in served else WAITS).badge} {quiet(plain(enters.get(flag.key, '–')))}"
             + (f"  \n{quiet('needs ' + plain(names[flag.prerequisite]))}" if flag.prerequisite in names else "")}
            for flag in plan.flags]


def phase_rows(plan: Plan) -> list[dict[str, str]]:
    """Each phase: share, whom it reaches, how long, how many criteria."""
    audiences = {audience.key: audience.name for audience in plan.audiences}
    return [{"Phase": f"**{place} · {plain(phase.name)}**  \n{quiet(plain(phase.target or phase.description))}",
             "Share": f"**{formats.bucket_percent(phase.percentage)}**  \n"
                      f"{quiet(plain(audiences.get(phase.through, phase.through)))}",
             "Lasts": f"{plain(_lasts(phase.minimum_duration, phase.maximum_duration))}  \n"
                      f"{quiet(_criteria(len(phase.criteria)))}"} for place, phase in enumerate(plan.phases, 1)]


def _criteria(count: int) -> str:
    return "1 criterion" if count == 1 else f"{count} criteria"


def _lasts(least: timedelta | None, most: timedelta | None) -> str:
    said = [f"at least {formats.span(least)}" if least else "", f"at most {formats.span(most)}" if most else ""]
    return ", ".join(part for part in said if part) or "as long as needed"


def target_rows(plan: Plan) -> list[dict[str, str]]:
    """The plan's success metrics with their targets in words."""
    return [{"Target": f"**{plain(kpi.name)}**  \n{quiet(plain(kpi.group))}",
             "Aim": plain(aim(kpi.metric, kpi.comparison, kpi.target)) if kpi.metric else quiet("reported by a person")}
            for kpi in plan.kpis]


def alert_rows(plan: Plan) -> list[dict[str, str]]:
    """When a person is told, and how urgently."""
    return [{"Rule": f"**{plain(rule.name)}**", "Level": words.of(words.SEVERITY, rule.severity).badge,
             "When": plain(aim(rule.metric, rule.comparison, rule.threshold)) if rule.metric else
             quiet(plain(KINDS.get(rule.kind, rule.kind.replace("_", " "))))} for rule in plan.alerts]


def aim(metric: str | None, comparison: Comparison | None, target: float | None) -> str:
    """"at most 2%" in the metric's own unit."""
    if metric is None or comparison is None or target is None:
        return "–"
    unit = CATALOG[metric].unit if metric in CATALOG else "number"
    return f"{SAID[comparison]} {formats.target(target, str(unit))}"
