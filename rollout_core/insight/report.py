"""The report: everything about one rollout on one page, as data and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.recommendation import Recommendation
from rollout_core.insight.adoption import AdoptionAnswer
from rollout_core.insight.alerts import AlertsAnswer
from rollout_core.insight.errors import ErrorsAnswer
from rollout_core.insight.gates import GatesAnswer
from rollout_core.insight.health import HealthAnswer
from rollout_core.insight.metrics import MetricsAnswer
from rollout_core.insight.phases import PhasesAnswer
from rollout_core.insight.status import StatusAnswer
from rollout_core.insight.workspaces import WorkspacesAnswer


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """`window` of the numbers, as in MetricsRequest; `workspaces` how many subjects the table holds."""

    rollout: str | None = None
    window: str = "phase"
    workspaces: int = 20


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """`markdown` says the same as the rest, for people; `audit_head` anchors the audit trail."""

    rollout: str
    title: str
    status: StatusAnswer
    phases: PhasesAnswer
    gates: GatesAnswer
    adoption: AdoptionAnswer
    errors: ErrorsAnswer
    health: HealthAnswer
    alerts: AlertsAnswer
    metrics: MetricsAnswer
    workspaces: WorkspacesAnswer
    recommendations: tuple[Recommendation, ...]
    audit_head: str
    markdown: str
    computed_at: datetime
