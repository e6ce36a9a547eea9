"""Answers status: one rollout as it is now."""

from __future__ import annotations

from datetime import datetime

from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.alerts import counts_of
from rollout_core.insight.freshness import newest_events
from rollout_core.insight.gates import gates_of
from rollout_core.insight.glance import brief, glance, hourly
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.status import PhaseStep, StatusAnswer, StatusRequest
from rollout_core.insight.timeline import following, steps
from rollout_core.ports.room import Room
from rollout_core.rollouts.status import TRANSITIONS, Verb


def answer(room: Room, request: StatusRequest) -> StatusAnswer:
    """The rollout as it is now."""
    return status_of(room, scene(room, request.rollout))


def status_of(room: Room, scene: Scene) -> StatusAnswer:
    """The same for a scene that is already read."""
    rollout, phases = scene.rollout, steps(scene)
    seen = glance(room.events, scene)
    remembered = None if rollout.remembered is None else percentage_of_buckets(rollout.remembered)
    return StatusAnswer(
        rollout=rollout.key, name=rollout.name, plan=rollout.plan, plan_version=rollout.plan_version,
        unit=rollout.unit, status=rollout.status.value, revision=rollout.revision, epoch=rollout.epoch,
        autopilot=rollout.autopilot, phase=present(phases), next_phase=following(scene, phases), phases=phases,
        share=share_of(scene, census_of(room, scene)), remembered_percentage=remembered,
        started_at=rollout.started_at, phase_entered_at=rollout.phase_entered_at,
        flags=tuple(sorted(rollout.served)), forced=_forced(room, scene),
        health=brief(seen.health, hourly(room.events, scene, seen.adoption)), alerts=counts_of(scene.alerts),
        gates=gates_of(room.events, scene, found=judgement_of(room, scene)).brief, metrics=(seen.errors, seen.adoption),
        last_event_at=last_event(room),
        verbs=tuple(verb.value for verb in Verb if (rollout.status, verb) in TRANSITIONS),
        computed_at=scene.now, simulated=room.demo)


def present(phases: tuple[PhaseStep, ...]) -> PhaseStep | None:
    """The phase under way."""
    return next((step for step in phases if step.state == "now"), None)


def last_event(room: Room) -> datetime | None:
    """When the newest event of any kind happened."""
    return max(newest_events(room.events).values(), default=None)


def _forced(room: Room, scene: Scene) -> tuple[str, ...]:
    """Environment variables that force a flag of this rollout."""
    served = room.live.current.rollouts.get(scene.rollout.key)
    return () if served is None else tuple(f"{each.variable}={str(each.value).lower()}" for each in served.environment)
