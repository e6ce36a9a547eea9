"""All questions by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rollout_core.insight import (
    adoption,
    alerts,
    audit,
    audit_verify,
    business,
    checklist,
    decisions,
    doctor,
    errors,
    events_health,
    explain,
    foresight,
    foresight_answer,
    gates,
    guardrails,
    health,
    issues,
    metrics,
    monitor,
    overview,
    pause_check,
    phases,
    plan,
    replay,
    report,
    report_answer,
    rollouts,
    series,
    series_answer,
    speed,
    status,
    status_answer,
    tokens,
    verdicts,
    vitals,
    workspaces,
)
from rollout_core.insight.question import QuestionSpec
from rollout_core.ports.control_records import AuditVerdict


def _spec(name: str, module: Any, request: type, answers: type, summary: str) -> QuestionSpec:
    return QuestionSpec(name, request, answers, module.answer, summary)


QUESTIONS: Mapping[str, QuestionSpec] = MappingProxyType({spec.name: spec for spec in (
    _spec("rollouts", rollouts, rollouts.RolloutsRequest, rollouts.RolloutsAnswer,
          "Which rollouts there are; control store only."),
    _spec("status", status_answer, status.StatusRequest, status.StatusAnswer,
          "Where a rollout is: phase, share, health, alerts, next step."),
    _spec("overview", overview, overview.OverviewRequest, overview.OverviewAnswer,
          "All rollouts at a glance and what needs a person."),
    _spec("metrics", metrics, metrics.MetricsRequest, metrics.MetricsAnswer,
          "The catalogue's numbers, treatment against control."),
    _spec("series", series_answer, series.SeriesRequest, series.SeriesAnswer, "One metric over time."),
    _spec("health", health, health.HealthRequest, health.HealthAnswer,
          "The health score, its deductions and its history."),
    _spec("alerts", alerts, alerts.AlertsRequest, alerts.AlertsAnswer, "Alerts with their deadlines."),
    _spec("issues", issues, issues.IssuesRequest, issues.IssuesAnswer, "Open issues, worst first."),
    _spec("pause_check", pause_check, pause_check.PauseCheckRequest, pause_check.PauseCheckAnswer,
          "Would a pause condition fire now?"),
    _spec("monitor", monitor, monitor.MonitorRequest, monitor.MonitorAnswer,
          "One monitoring pass; computes and never acts."),
    _spec("workspaces", workspaces, workspaces.WorkspacesRequest, workspaces.WorkspacesAnswer,
          "Enabled subjects with their numbers."),
    _spec("explain", explain, explain.ExplainRequest, explain.ExplainAnswer,
          "Why a subject sees a feature or does not."),
    _spec("report", report_answer, report.ReportRequest, report.ReportAnswer, "Everything about one rollout."),
    _spec("gates", gates, gates.GatesRequest, gates.GatesAnswer, "What stands before more exposure."),
    _spec("guardrails", guardrails, guardrails.GuardrailsRequest, guardrails.GuardrailsAnswer,
          "Does it harm? Treatment against control."),
    _spec("audit", audit, audit.AuditRequest, audit.AuditAnswer, "The audit trail, newest first."),
    _spec("audit_verify", audit_verify, audit_verify.AuditVerifyRequest, AuditVerdict,
          "Is the audit trail whole?"),
    _spec("decisions", decisions, decisions.DecisionsRequest, decisions.DecisionsAnswer,
          "What the sweeps decided and why."),
    _spec("phases", phases, phases.PhasesRequest, phases.PhasesAnswer, "The phases, audiences and epochs."),
    _spec("plan", plan, plan.PlanRequest, plan.PlanAnswer, "A plan's document as values."),
    _spec("checklist", checklist, checklist.ChecklistRequest, checklist.ChecklistAnswer,
          "The pre-rollout checklist."),
    _spec("adoption", adoption, adoption.AdoptionRequest, adoption.AdoptionAnswer,
          "Adoption at fixed age, funnel, cohorts, flags used together."),
    _spec("errors", errors, errors.ErrorsRequest, errors.ErrorsAnswer, "Error rates and error groups."),
    _spec("vitals", vitals, vitals.VitalsRequest, vitals.VitalsAnswer, "Core Web Vitals at p75."),
    _spec("speed", speed, speed.SpeedRequest, speed.SpeedAnswer, "API and render times."),
    _spec("business", business, business.BusinessRequest, business.BusinessAnswer,
          "Retention, sessions, satisfaction, conversion, support."),
    _spec("tokens", tokens, tokens.TokensRequest, tokens.TokensAnswer, "Tokens machines sign in with."),
    _spec("verdicts", verdicts, verdicts.VerdictsRequest, verdicts.VerdictsAnswer,
          "What the evidence proves: guardrails, criteria, split."),
    _spec("foresight", foresight, foresight_answer.ForesightRequest, foresight_answer.ForesightAnswer,
          "Before the button: what the next phase can find, how soon, at what risk."),
    _spec("replay", replay, replay.ReplayRequest, replay.ReplayAnswer,
          "A decision judged again from what was stored with it."),
    _spec("doctor", doctor, doctor.DoctorRequest, doctor.DoctorAnswer, "Is the store sound?"),
    _spec("events_health", events_health, events_health.EventsHealthRequest, events_health.EventsHealthAnswer,
          "Do events arrive?"),
)})
"""Question name -> how it is asked. The HTTP routes and the command line are generated from this."""
