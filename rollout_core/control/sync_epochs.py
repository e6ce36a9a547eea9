"""Brings the event store's mirror of rollouts and epochs up to the control store, so that windows know their arms."""

from __future__ import annotations

from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Epoch


def sync_epochs(room: Room) -> int:
    """Replaces the mirror; how many epochs it holds. Raises StoreUnavailable when the event store is away."""
    rollouts, epochs = [], []
    with room.control.read() as unit:
        for rollout in unit.rollouts.all():
            plan = unit.plans.get(rollout.plan, rollout.plan_version)
            rollouts.append(MirroredRollout(rollout.key, rollout.unit, plan.measurement.lateness))
            epochs += [_mirrored(epoch) for epoch in unit.epochs.of(rollout.key)]
    room.events.mirror(rollouts, epochs)
    return len(epochs)


def _mirrored(epoch: Epoch) -> MirroredEpoch:
    return MirroredEpoch(rollout=epoch.rollout, epoch=epoch.number, began_at=epoch.began_at, phase=epoch.phase,
                         percentage=epoch.percentage, thresholds=epoch.thresholds, served=epoch.served,
                         cause=epoch.cause)
