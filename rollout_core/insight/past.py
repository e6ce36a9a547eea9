"""The autopilot's last reduction that still stands: what the ladder goes on from."""

from __future__ import annotations

from itertools import pairwise

from rollout_core.insight.scene import Scene
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import REDUCTIONS, Act, Past
from rollout_core.rollouts.status import Verb

LOOKED_THROUGH = 50
"""Decisions, newest first; a sweep that waits writes one an hour."""


def past_of(room: Room, here: Scene) -> Past:
    """The autopilot's last reduction, unless a person raised or resumed the rollout since: that closes it."""
    closed_at = max((later.began_at for earlier, later in pairwise(here.epochs)
                     if later.percentage > earlier.percentage or later.cause == Verb.RESUME), default=None)
    with room.control.read() as unit:
        for record in unit.decisions.tail(here.rollout.key, limit=LOOKED_THROUGH):
            if closed_at is not None and record.swept_at <= closed_at:
                break
            if record.done and record.act in (*REDUCTIONS, Act.STEP_BACK):
                because = record.seen.get("because")
                return Past(record.swept_at, tuple(because) if isinstance(because, list | tuple) else ())
    return Past()
