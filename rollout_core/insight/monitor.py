"""One monitoring pass: health, alerts that would open, pause conditions, advice. Computes and never acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.recommendation import Recommendation, recommend
from rollout_core.health.score import HealthScore
from rollout_core.health.sighting import Sighting
from rollout_core.insight.gates import Gate, gates_of
from rollout_core.insight.glance import glance
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.pause_check import PauseCheckAnswer, pause_check
from rollout_core.insight.people import exposed_settled
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.sightings import sightings, topic
from rollout_core.metrics.measured import Measured
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class MonitorRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class MonitorAnswer:
    """Everything a sweep looks at; the sweep verb settles `sightings` into alerts and decides."""

    rollout: str
    health: HealthScore
    sightings: tuple[Sighting, ...]
    pause: PauseCheckAnswer
    gates: tuple[Gate, ...]
    metrics: tuple[Measured, ...]
    recommendations: tuple[Recommendation, ...]
    computed_at: datetime


def answer(room: Room, request: MonitorRequest) -> MonitorAnswer:
    """One pass over everything; changes nothing."""
    here = scene(room, request.rollout)
    return monitor(room, here, judgement_of(room, here))


def monitor(room: Room, scene: Scene, proof: Judgement | None = None) -> MonitorAnswer:
    """The same for a scene that is already read and judged."""
    seen = glance(room.events, scene)
    share = share_of(scene, census_of(room, scene))
    found = sightings(room.events, scene, share, proof)
    gates = gates_of(room.events, scene, found=proof)
    recommended = recommend([(each, topic(scene, each)) for each in found], seen.health, scene.plan.guides,
                            exposed=exposed_settled(room.events, scene), enabled=share.have,
                            may_advance=gates.may_advance)
    return MonitorAnswer(scene.rollout.key, seen.health, found, pause_check(room.events, scene, proof), gates.gates,
                         (seen.errors, seen.adoption), recommended, scene.now)
