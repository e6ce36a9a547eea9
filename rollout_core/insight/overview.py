"""All rollouts at a glance, worst first, and what needs a person. Cheap: rollups and the live tail only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.alert import Alert, AlertState
from rollout_core.health.recommendation import topic_of
from rollout_core.insight.alerts import ORDER, counts_of
from rollout_core.insight.gates import gates_of
from rollout_core.insight.glance import brief, glance, hourly
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import Scene, scenes
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.status import AlertCounts, GateBrief, HealthBrief, PhaseStep, Share
from rollout_core.insight.status_answer import last_event, present
from rollout_core.insight.timeline import steps
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Severity
from rollout_core.rollouts.status import Status


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """Nothing to say: all rollouts."""


@dataclass(frozen=True, slots=True)
class Need:
    """One line of "Needs you". `verb` is what would answer it (`roll_back`, `advance`, else `acknowledge_alert`),
    `topic` what it is about (as in recommendations). Of an alert: `since_at` is since when, `detail` what was seen
    at `seen_at`, the last look at which it was so; `holds` whether it is so now (None: not known), `latest` what was
    seen since; `due_at` None, once `calm_since_at` says that it is over.
    """

    rollout: str
    rollout_name: str
    severity: str
    title: str
    detail: str
    verb: str = ""
    alert: str = ""
    due_at: datetime | None = None
    topic: str = ""
    calm_since_at: datetime | None = None
    since_at: datetime | None = None
    seen_at: datetime | None = None
    holds: bool | None = True
    latest: str = ""


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


def answer(room: Room, request: OverviewRequest) -> OverviewAnswer:
    """Every rollout on one line, the worst first."""
    found = scenes(room)
    lines = {scene.rollout.key: _line(room, scene) for scene in found}
    needs = [need for scene in found for need in _needs(scene, lines[scene.rollout.key])]
    return OverviewAnswer(
        tuple(sorted(needs, key=_urgency)),
        tuple(sorted(lines.values(), key=_badness)), last_event(room), room.clock.now(), room.demo)


def _urgency(need: Need) -> tuple[bool, int, bool, float]:
    """What is so, or may be, before what is over; the worst first; of the same level what is due first."""
    due = need.due_at
    return need.holds is False, ORDER[Severity(need.severity)], due is None, 0.0 if due is None else due.timestamp()


def _line(room: Room, scene: Scene) -> RolloutLine:
    rollout, phases = scene.rollout, steps(scene)
    seen = glance(room.events, scene)
    return RolloutLine(
        rollout=rollout.key, name=rollout.name, unit=rollout.unit, status=rollout.status.value,
        revision=rollout.revision, phase=present(phases), phases=phases,
        share=share_of(scene, census_of(room, scene)),
        health=brief(seen.health, hourly(room.events, scene, seen.adoption)), alerts=counts_of(scene.alerts),
        gates=gates_of(room.events, scene, found=judgement_of(room, scene)).brief, metrics=(seen.errors, seen.adoption))


def _needs(scene: Scene, line: RolloutLine) -> list[Need]:
    """Open alerts, and what waits for a person: a start, a resume, a phase that may be left."""
    open_ones = [alert for alert in scene.alerts if alert.state is AlertState.OPEN]
    needs = [_need(scene, alert) for alert in sorted(open_ones, key=lambda alert: ORDER[alert.severity])]
    waits = WAITS.get(scene.rollout.status)
    if waits is not None:
        verb, said = waits
        detail = line.gates.words if verb == "start" else f"{line.share.percentage:g}% is served."
        needs.append(_wanting(line, said, detail, verb))
    if line.gates.state == "met" and scene.rollout.status is Status.RUNNING and not _last(line):
        said = f"All {line.gates.total} conditions are met."
        needs.append(_wanting(line, "can go to its next phase", said, "advance"))
    return needs


WAITS = {
    Status.READY: ("start", "waits to be started"), Status.HELD: ("advance", "is held until somebody resumes it"),
    Status.PAUSED: ("advance", "is paused until an admin resumes it"),
    Status.STOPPED: ("advance", "is stopped until an admin resumes it"),
}
"""Statuses that only a person ends -> what about, in words."""


def _wanting(line: RolloutLine, said: str, detail: str, verb: str) -> Need:
    return Need(line.rollout, line.name, Severity.INFO.value, f"{line.name} {said}", detail, verb, topic=verb)


def _need(scene: Scene, alert: Alert) -> Need:
    evidence = str(alert.facts.get("evidence", "")) or "; ".join(alert.advice[:1])
    kind, metric = str(alert.facts.get("kind", "")), CATALOG.get(str(alert.facts.get("metric")))
    topic = topic_of(metric.group, kind, metric.key) if metric else topic_of(None, kind)
    due_at = alert.due_at if alert.calm_since_at is None else None
    return Need(scene.rollout.key, scene.rollout.name, alert.severity.value, f"{scene.rollout.name}: {alert.title}",
                evidence, _verb(scene, alert, kind), alert.id, due_at, topic, alert.calm_since_at, alert.since_at,
                alert.seen_at or alert.opened_at, alert.holds(scene.now), alert.latest)


HARM = frozenset({"critical_issue", "security_issue", "overdue_rollback"})
"""Kinds of alerts that a rollback answers as soon as they are open; a crossed limit only once it is proven."""


def _verb(scene: Scene, alert: Alert, kind: str) -> str:
    harms = kind in HARM or (kind == "metric" and alert.proven)
    bad = alert.severity in (Severity.CRITICAL, Severity.ERROR) and alert.calm_since_at is None
    if harms and bad and scene.rollout.percentage > 0:
        return "roll_back"
    return "advance" if kind == "phase_overdue" else "acknowledge_alert"


def _last(line: RolloutLine) -> bool:
    return line.phase is not None and line.phase.number == len(line.phases)


def _badness(line: RolloutLine) -> tuple[int, int, int, int, str]:
    return (-line.alerts.critical, -line.alerts.error, -line.alerts.warning, line.health.score, line.name)
