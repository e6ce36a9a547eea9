"""What had been proven before evidence began anew: a pause or a resume clears a state, not what was known."""

from __future__ import annotations

from rollout_core.analysis.verdict import Status
from rollout_core.insight.scene import Scene
from rollout_core.insight.verdict_words import Since
from rollout_core.ports.room import Room
from rollout_core.rollouts.status import Verb

LOOKED_THROUGH = 100
"""Decisions, newest first: they are written hourly, and what was known more than four days ago is history."""


def failed_before(room: Room, here: Scene, since: Since | None) -> tuple[str, ...]:
    """Names of the present phase's criteria that the last decision before `since` had proven not to be met; none where
    another phase was in force then."""
    phase = here.rollout.phase
    if since is None or phase is None or here.epochs[-1].cause == Verb.ADVANCE:
        return ()
    phases = {epoch.number: epoch.phase for epoch in here.epochs}
    with room.control.read() as unit:
        records = unit.decisions.tail(here.rollout.key, limit=LOOKED_THROUGH)
    last = next((each for each in records if each.swept_at < since.at), None)
    statuses = last.seen.get("statuses") if last is not None and phases.get(last.epoch) == phase else None
    if not isinstance(statuses, dict):
        return ()
    failed = {key for key, status in statuses.items() if status == Status.NOT_MET.value}
    return tuple(each.name for each in here.plan.phase(phase).criteria if each.key in failed)
