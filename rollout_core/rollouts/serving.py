"""Serving: from a plan and its rollout to the value that evaluation reads."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from rollout_core.flags.override import EnvironmentOverride, Override
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout, anchors_of
from rollout_core.rollouts.status import SERVING, Status


def serve(plan: Plan, rollout: Rollout, overrides: Iterable[Override] = (),
          environment: Iterable[EnvironmentOverride] = ()) -> ServedRollout:
    """What is served of this rollout in its present epoch."""
    serving = rollout.status in SERVING
    return ServedRollout(
        key=rollout.key, unit=rollout.unit, plan=plan.key, plan_version=plan.version, status=rollout.status.value,
        phase=rollout.phase, epoch=rollout.epoch, epoch_began_at=rollout.epoch_began_at or rollout.created_at,
        revision=rollout.revision, salt=rollout.salt, eligibility=plan.eligibility, audiences=plan.audiences,
        thresholds=MappingProxyType(dict(rollout.thresholds) if serving else {}),
        ever=MappingProxyType(dict(rollout.ever)), holdout=rollout.holdout, flags=plan.flags, served=rollout.served,
        overrides=tuple(overrides), environment=tuple(environment),
        owned_by_register=frozenset(each.key for each in plan.attributes if each.owner == "register"),
        anchors=anchors_of(rollout, rollout.epoch_began_at or rollout.created_at),
        paused=rollout.status is Status.PAUSED, stopped=rollout.status is Status.STOPPED)
