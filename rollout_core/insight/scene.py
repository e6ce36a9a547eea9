"""One rollout with everything a question about it needs from the control store, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rollout_core.health.alert import Alert
from rollout_core.health.issue import Issue
from rollout_core.insight.look import SeenStore
from rollout_core.insight.question import rollout_of
from rollout_core.ports.answer_memory import AnswerMemory
from rollout_core.ports.control_records import Signoff, Tick, Waiver
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout


@dataclass(frozen=True, slots=True)
class Scene:
    """`signoffs` by (phase, criterion); `alerts` the unresolved ones; `epochs` oldest first."""

    rollout: Rollout
    plan: Plan
    epochs: tuple[Epoch, ...]
    alerts: tuple[Alert, ...]
    issues: tuple[Issue, ...]
    signoffs: Mapping[tuple[str, str], Signoff]
    ticks: tuple[Tick, ...]
    waivers: tuple[Waiver, ...]
    now: datetime
    switched_off: frozenset[str] = frozenset()
    asked: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the event store answered for this scene already."""
    memory: AnswerMemory = field(default_factory=AnswerMemory, compare=False, repr=False)


def scene(room: Room, rollout: str | None) -> Scene:
    """Reads it, once in a look. Raises RolloutNotFound, InvalidRequest."""
    seen = _seen(room)
    if rollout not in seen:
        with room.control.read() as unit:
            seen[rollout] = scene_of(unit, rollout_of(unit, rollout), room)
    return seen[rollout]


def _seen(room: Room) -> dict[str | None, Scene]:
    return room.events.scenes if isinstance(room.events, SeenStore) else {}


def scenes(room: Room) -> tuple[Scene, ...]:
    """All rollouts, in one transaction."""
    seen = _seen(room)
    with room.control.read() as unit:
        for rollout in unit.rollouts.all():
            if rollout.key not in seen:
                seen[rollout.key] = scene_of(unit, rollout, room)
        return tuple(seen[rollout.key] for rollout in unit.rollouts.all())


def scene_of(unit: ControlUnit, rollout: Rollout, room: Room) -> Scene:
    """The scene of one rollout inside an open transaction."""
    plan = unit.plans.get(rollout.plan, rollout.plan_version)
    return Scene(
        rollout=rollout, plan=plan, epochs=unit.epochs.of(rollout.key),
        alerts=unit.alerts.all(rollout.key, unresolved=True), issues=unit.issues.all(rollout.key),
        signoffs={(each.phase, each.criterion): each for each in unit.signoffs.of(rollout.key)},
        ticks=unit.checklist.ticks(rollout.key), waivers=unit.checklist.waivers(rollout.key), now=room.clock.now(),
        switched_off=switched_off(plan, room.environment), memory=room.answers,
    )


OFF = frozenset({"false", "0", "off", "no"})


def switched_off(plan: Plan, environment: Mapping[str, str]) -> frozenset[str]:
    """Kinds of event that the plan's own environment variables switch off."""
    return frozenset(kind for variable, kinds in plan.environment.collection.items()
                     if environment.get(variable, "").strip().lower() in OFF for kind in kinds)
