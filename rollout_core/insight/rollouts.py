"""Which rollouts there are. Reads the control store only, so it answers while the event store is slow or away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.flags.bucketing import BUCKETS, percentage_of_buckets
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.targets import Rollback, place_of, rollback_target


@dataclass(frozen=True, slots=True)
class RolloutsRequest:
    """Nothing to say: all rollouts."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a kind of rollback leads: a share (percentage 0..100), and how many phases back."""

    kind: str
    percentage: float
    phases: int


@dataclass(frozen=True, slots=True)
class RolloutEntry:
    """One rollout in a list. `percentage` 0..100 is planned; `previous` names the phase before the present one.

    `remembered`: what was served before the pause or stop in force.
    """

    key: str
    name: str
    unit: str
    status: str
    percentage: float
    revision: int
    phase: str | None
    previous: str | None
    autopilot: str
    plan_version: int
    started_at: datetime | None
    phase_entered_at: datetime | None
    back: tuple[WayBack, ...]
    remembered: float | None = None


@dataclass(frozen=True, slots=True)
class RolloutsAnswer:
    """By key."""

    rollouts: tuple[RolloutEntry, ...]
    simulated: bool


def answer(room: Room, request: RolloutsRequest) -> RolloutsAnswer:
    """The list."""
    with room.control.read() as unit:
        return RolloutsAnswer(tuple(_entry(unit, rollout) for rollout in unit.rollouts.all()), room.demo)


def _entry(unit: ControlUnit, rollout: Rollout) -> RolloutEntry:
    plan = unit.plans.get(rollout.plan, rollout.plan_version)
    place = plan.phase_index(rollout.phase) if rollout.phase else -1
    targets = {kind: rollback_target(plan, rollout, kind) for kind in Rollback}
    back = tuple(WayBack(str(kind), percentage_of_buckets(to.percentage), place - place_of(plan, to.phase))
                 for kind, to in targets.items())
    return RolloutEntry(
        rollout.key, rollout.name, rollout.unit, str(rollout.status), rollout.percentage * 100 / BUCKETS,
        rollout.revision, plan.phases[place].name if place >= 0 else None,
        plan.phases[place - 1].name if place >= 1 else None, rollout.autopilot, rollout.plan_version,
        rollout.started_at, rollout.phase_entered_at, back,
        None if rollout.remembered is None else percentage_of_buckets(rollout.remembered))
