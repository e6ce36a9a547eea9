"""Freezes reference quantiles, caps and usual values of a rollout before its data are judged; each only once."""

from __future__ import annotations

import msgspec

from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.insight.known import Frozen, frozen_key, missing_references, read_frozen, usual_values
from rollout_core.insight.scene import Scene
from rollout_core.ports.room import Room


def freeze_references(room: Room, scene: Scene) -> Frozen:
    """What is frozen after this call; the event store's mirror knows it too. What was frozen never changes."""
    rollout = scene.rollout
    with room.control.read() as unit:
        frozen = read_frozen(unit, rollout.key, rollout.evidence_version)
    fresh = missing_references(room, scene, frozen)
    usual = usual_values(room, scene, scene.plan, frozen.baselines)
    if not fresh and not usual:
        return frozen
    frozen = Frozen([*frozen.references, *fresh], {**usual, **frozen.baselines})
    with room.control.write() as unit:
        unit.meta.set(frozen_key(rollout.key, rollout.evidence_version), msgspec.json.encode(frozen).decode())
    sync_epochs(room)
    return frozen
