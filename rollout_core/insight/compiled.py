"""The rollout as evaluation reads it: the one being served, or compiled from the control store."""

from __future__ import annotations

from rollout_core.flags.evaluation import CompiledRollout, compile_rollout
from rollout_core.insight.scene import Scene
from rollout_core.ports.room import Room
from rollout_core.rollouts.serving import serve


def compiled_of(room: Room, scene: Scene) -> CompiledRollout:
    """The compiled rollout in memory when it is of this revision; else as the control store says."""
    live = room.live.current.compiled.get(scene.rollout.key)
    if live is not None and live.served.revision == scene.rollout.revision:
        return live
    with room.control.read() as unit:
        overrides = unit.overrides.of(scene.rollout.key)
    known = room.live.current.rollouts.get(scene.rollout.key)
    return compile_rollout(serve(scene.plan, scene.rollout, overrides, known.environment if known else ()))
