"""A new rollout of a plan, before anything is served."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status


def draft(plan: Plan, salt: str, now: datetime, key: str | None = None) -> Rollout:
    """The first value of a rollout. `salt` is random, chosen once and kept for the rollout's whole life."""
    return Rollout(key=key or plan.key, name=plan.name, plan=plan.key, plan_version=plan.version, unit=plan.unit,
                   salt=salt, status=Status.DRAFT, created_at=now, holdout=plan.holdout,
                   autopilot=plan.autopilot.mode, thresholds={audience.key: 0 for audience in plan.audiences})
