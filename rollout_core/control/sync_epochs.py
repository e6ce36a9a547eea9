"""Brings the event store's mirror of rollouts and epochs up to the control store, so that windows know their arms."""

from __future__ import annotations

from collections.abc import Iterator

from rollout_core.insight.evidence_sources import ABOVE, purpose, quantiles_of
from rollout_core.insight.known import Frozen, read_frozen
from rollout_core.ports.event_store import FrozenValue, MirroredEpoch, MirroredRollout
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Epoch, Rollout


def sync_epochs(room: Room) -> int:
    """Replaces the mirror; how many epochs it holds. Raises StoreUnavailable when the event store is away."""
    rollouts: list[MirroredRollout] = []
    epochs: list[MirroredEpoch] = []
    frozen: list[FrozenValue] = []
    with room.control.read() as unit:
        for rollout in unit.rollouts.all():
            plan = unit.plans.get(rollout.plan, rollout.plan_version)
            rollouts.append(MirroredRollout(rollout.key, rollout.unit, plan.measurement.lateness,
                                            frozenset(flag.key for flag in plan.flags)))
            epochs += [_mirrored(epoch) for epoch in unit.epochs.of(rollout.key)]
            frozen += frozen_values(plan, rollout, read_frozen(unit, rollout.key, rollout.evidence_version))
    room.events.mirror(rollouts, epochs, frozen)
    return len(epochs)


def frozen_values(plan: Plan, rollout: Rollout, frozen: Frozen) -> Iterator[FrozenValue]:
    """References, what lies a given part beyond them, and fixed limits: all that windows count values against."""
    values = {each.metric: each for each in frozen.references}
    for quantile in quantiles_of(plan):
        for limit in quantile.limits:
            yield FrozenValue(rollout.key, quantile.metric, purpose("#", limit), limit, rollout.started_at)
        reference = values.get(quantile.metric)
        if reference is not None:
            yield FrozenValue(rollout.key, quantile.metric, ABOVE, reference.value, reference.applies_from_at)
            for per_mille in quantile.beyond:
                yield FrozenValue(rollout.key, quantile.metric, purpose("@", per_mille),
                                  round(reference.value * (1 + per_mille / 1000)), reference.applies_from_at)


def _mirrored(epoch: Epoch) -> MirroredEpoch:
    return MirroredEpoch(rollout=epoch.rollout, epoch=epoch.number, began_at=epoch.began_at, phase=epoch.phase,
                         percentage=epoch.percentage, thresholds=epoch.thresholds, served=epoch.served,
                         cause=epoch.cause)
