"""Complete: the last phase has proven itself. Exposure stays, and the guard stays on."""

from __future__ import annotations

from datetime import datetime

from rollout_core.errors import TransitionRefused
from rollout_core.rollouts.decide.next_state import Next, change, status_after
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb


def complete(plan: Plan, rollout: Rollout, now: datetime) -> Next:
    """Completed in the last phase. Raises TransitionRefused earlier."""
    status = status_after(rollout, Verb.COMPLETE)
    last = plan.phases[-1]
    if rollout.phase != last.key or rollout.percentage < last.percentage:
        raise TransitionRefused(f"{rollout.name} has not reached its last phase, {last.name}.",
                                mend="Advance to it first, or end the rollout by rolling back.", rollout=rollout.key,
                                phase=rollout.phase, percentage=rollout.percentage)
    return change(rollout, now, Verb.COMPLETE, status=status, ended_at=now)
