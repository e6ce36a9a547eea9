"""A plan as it stands in the store: one version, and which versions there are."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.insight.question import rollout_of
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Either the rollout whose plan is meant, or the plan's own key; `version` None: the one in use, or the newest."""

    rollout: str | None = None
    plan: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """`versions` newest first."""

    plan: Plan
    versions: tuple[int, ...]
    newest: int


def answer(room: Room, request: PlanRequest) -> PlanAnswer:
    """Raises PlanNotFound, RolloutNotFound."""
    with room.control.read() as unit:
        key, version = request.plan, request.version
        if key is None:
            rollout = rollout_of(unit, request.rollout)
            key, version = rollout.plan, version or rollout.plan_version
        plan = unit.plans.get(key, version)
        versions = tuple(found.version for found in unit.plans.versions(key))
    return PlanAnswer(plan, versions, max(versions, default=plan.version))
