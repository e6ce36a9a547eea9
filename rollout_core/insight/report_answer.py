"""Answers report: asks every other question about a rollout once and puts the answers together."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.insight import adoption, alerts, errors, gates, health, metrics, phases, status_answer, workspaces
from rollout_core.insight.adoption import AdoptionRequest
from rollout_core.insight.alerts import AlertsRequest
from rollout_core.insight.errors import ErrorsRequest
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.health import HealthRequest
from rollout_core.insight.look import look
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.metrics import MetricsRequest
from rollout_core.insight.phases import PhasesRequest
from rollout_core.insight.report import ReportAnswer, ReportRequest
from rollout_core.insight.report_markdown import markdown_of
from rollout_core.insight.scene import scene
from rollout_core.insight.status import StatusRequest
from rollout_core.insight.window import window_of
from rollout_core.insight.workspaces import WorkspacesRequest
from rollout_core.ports.room import Room

NUMBERS = ("session_errors", "session_errors:", "vital:LCP", "good_loads", "request_errors", "errors", "feature_use",
           "render", "page_views", "tasks", "feedback", "conversions", "tickets")
"""Of every sort of event that a report counts, a metric."""


def answer(room: Room, request: ReportRequest) -> ReportAnswer:
    """Everything, asked once; the Markdown says the same."""
    room = look(room)
    here = scene(room, request.rollout)
    key = here.rollout.key
    Measuring(room.events, here, window_of(request.window, here.rollout, here.now)).read_ahead(NUMBERS)
    found_health = health.answer(room, HealthRequest(key))
    with room.control.read() as unit:
        head = str(unit.audit.head())
    report = ReportAnswer(
        key, f"Rollout report: {found_health.name}", status_answer.answer(room, StatusRequest(key)),
        phases.answer(room, PhasesRequest(key)), gates.answer(room, GatesRequest(key)),
        adoption.answer(room, AdoptionRequest(key)), errors.answer(room, ErrorsRequest(key, request.window)),
        found_health, alerts.answer(room, AlertsRequest(key, "all")),
        metrics.answer(room, MetricsRequest(key, window=request.window)),
        workspaces.answer(room, WorkspacesRequest(key, page_size=request.workspaces)), found_health.recommendations,
        head, "", room.clock.now())
    return replace(report, markdown=markdown_of(report))
