"""From the control store to what is served: the value that goes into the live snapshot."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.control.environment import environment_overrides
from rollout_core.errors import Invalid, InvalidRequest, PlanNotFound
from rollout_core.flags.override import EnvironmentOverride
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.serving import serve
from rollout_core.rollouts.status import SERVING, Status

UNREADABLE = (Invalid, PlanNotFound)
"""What a stored plan that this program cannot read is told by."""


def served_of(room: Room, unit: ControlUnit, rollout: Rollout, plan: Plan | None = None) -> ServedRollout:
    """What is served of a rollout, with its overrides and what the environment forces."""
    plan = plan or unit.plans.get(rollout.plan, rollout.plan_version)
    return serve(plan, rollout, unit.overrides.of(rollout.key), _forced(room, plan, rollout.key))


def as_recorded(known: ServedRollout, rollout: Rollout) -> ServedRollout:
    """What is served of a rollout whose plan cannot be read any more: as known, but nobody unless it still serves."""
    if rollout.status in SERVING:
        return known
    return replace(known, status=rollout.status.value, phase=rollout.phase, epoch=rollout.epoch, thresholds={},
                   epoch_began_at=rollout.epoch_began_at or known.epoch_began_at, revision=rollout.revision,
                   paused=rollout.status is Status.PAUSED, stopped=rollout.status is Status.STOPPED)


def _forced(room: Room, plan: Plan, key: str) -> tuple[EnvironmentOverride, ...]:
    """What the environment forces. A variable that cannot be read stops a start (`open_snapshot`), never a pause from
    a terminal that happens to have it: what was served before then stays."""
    try:
        return environment_overrides(plan, room.environment)
    except InvalidRequest:
        known = room.live.current.rollouts.get(key)
        return known.environment if known else ()
