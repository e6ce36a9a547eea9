"""All rollouts at a glance, worst first, and what needs a person. Cheap: rollups and the live tail only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.alert import Alert, AlertState
from rollout_core.insight.alerts import ORDER, counts_of
from rollout_core.insight.gates import gates_of
from rollout_core.insight.glance import brief, glance, hourly
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import Scene, scenes
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.status import AlertCounts, GateBrief, HealthBrief, PhaseStep, Share
from rollout_core.insight.status_answer import last_event, present
from rollout_core.insight.timeline import steps
from rollout_core.metrics.measured import Measured
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Severity


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """Nothing to say: all rollouts."""


@dataclass(frozen=True, slots=True)
class Need:
    """One line of "Needs you". `verb` is the button's verb (`acknowledge_alert`, `roll_back`, `advance`, ...) or ""."""

    rollout: str
    rollout_name: str
    severity: str
    title: str
    detail: str
    verb: str = ""
    alert: str = ""
    due_at: datetime | None = None


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


def _urgency(need: Need) -> tuple[int, bool, float]:
    """The worst first; of the same level what is due first."""
    due = need.due_at
    return ORDER[Severity(need.severity)], due is None, 0.0 if due is None else due.timestamp()


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
    """Open alerts, and a phase that may be left."""
    open_ones = [alert for alert in scene.alerts if alert.state is AlertState.OPEN]
    needs = [_need(scene, alert) for alert in sorted(open_ones, key=lambda alert: ORDER[alert.severity])]
    if line.gates.state == "met" and scene.rollout.status.value == "running" and not _last(line):
        needs.append(Need(line.rollout, line.name, Severity.INFO.value, f"{line.name} can go to its next phase",
                          f"All {line.gates.total} criteria are met.", "advance"))
    return needs


def _need(scene: Scene, alert: Alert) -> Need:
    evidence = str(alert.facts.get("evidence", ""))
    detail = f"when it opened: {evidence}" if evidence else "; ".join(alert.advice[:1])
    return Need(scene.rollout.key, scene.rollout.name, alert.severity.value, f"{scene.rollout.name}: {alert.title}",
                detail, "acknowledge_alert", alert.id, alert.due_at)


def _last(line: RolloutLine) -> bool:
    return line.phase is not None and line.phase.number == len(line.phases)


def _badness(line: RolloutLine) -> tuple[int, int, int, int, str]:
    return (-line.alerts.critical, -line.alerts.error, -line.alerts.warning, line.health.score, line.name)
