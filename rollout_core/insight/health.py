"""The health score, why it is not 100, how it got there, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.alert import Alert
from rollout_core.health.issue import Issue
from rollout_core.health.recommendation import Recommendation, recommend
from rollout_core.health.score import HealthScore
from rollout_core.insight.gates import gates_of
from rollout_core.insight.glance import base_of, brief, glance, history, hourly
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.people import exposed_settled
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.series import Mark
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.sightings import sightings, topic
from rollout_core.insight.status import ScorePoint
from rollout_core.insight.timeline import marks
from rollout_core.insight.trouble import open_issues
from rollout_core.insight.window import window_of
from rollout_core.metrics.measured import Measured, Window
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """`history`: the window of the score's curve (hour | day | week | phase | rollout)."""

    rollout: str | None = None
    history: str = "day"


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """`change` is the score's difference to the first point of the history that has one; over a day by the hour, as the
    overview says it."""

    rollout: str
    name: str
    status: str
    health: HealthScore
    errors: Measured
    adoption: Measured
    history: tuple[ScorePoint, ...]
    history_window: Window
    change: int | None
    marks: tuple[Mark, ...]
    alerts: tuple[Alert, ...]
    issues: tuple[Issue, ...]
    recommendations: tuple[Recommendation, ...]
    computed_at: datetime


def answer(room: Room, request: HealthRequest) -> HealthAnswer:
    """The score now, its curve, and what to do."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.history, now_scene.rollout, now_scene.now)
    Measuring(room.events, now_scene, window).read_ahead((base_of(now_scene), "vital:LCP", "request_duration"))
    seen = glance(room.events, now_scene)
    points = history(room.events, now_scene, window, seen.adoption)
    compared = hourly(room.events, now_scene, seen.adoption) if request.history == "day" else points
    return HealthAnswer(
        rollout=now_scene.rollout.key, name=now_scene.rollout.name, status=now_scene.rollout.status.value,
        health=seen.health, errors=seen.errors, adoption=seen.adoption, history=points, history_window=window,
        change=brief(seen.health, compared).change, marks=marks(now_scene, window),
        alerts=now_scene.alerts, issues=tuple(open_issues(now_scene)),
        recommendations=advice(room, now_scene, seen.health), computed_at=now_scene.now)


def advice(room: Room, scene: Scene, score: HealthScore) -> tuple[Recommendation, ...]:
    """What to do now."""
    found = judgement_of(room, scene)
    share = share_of(scene, census_of(room, scene))
    firing = [(sighting, topic(scene, sighting)) for sighting in sightings(room.events, scene, share, found)]
    return recommend(firing, score, scene.plan.guides, exposed=exposed_settled(room.events, scene), enabled=share.have,
                     may_advance=gates_of(room.events, scene, found=found).may_advance)
