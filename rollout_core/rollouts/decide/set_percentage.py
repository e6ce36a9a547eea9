"""Set the percentage: up with the gates of the phase it falls into, down at any time."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.climb import enter
from rollout_core.rollouts.decide.next_state import Next, change, check_percentage, filled, status_after
from rollout_core.rollouts.filling import lower_to
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import Target, entered_at


def set_percentage(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, percentage: int) -> Next:
    """The share (buckets) is `percentage`. Going up enters every phase whose share is reached; 0 leaves them all.

    Raises TransitionRefused, InvalidPercentage.
    """
    check_percentage(percentage)
    status = status_after(rollout, Verb.SET_PERCENTAGE)
    if percentage == rollout.percentage:
        return change(rollout, now, Verb.SET_PERCENTAGE)
    if percentage > rollout.percentage:
        target = Target(percentage, entered_at(plan, percentage, rollout.phase).key)
        return enter(plan, rollout, census, now, target, cause=Verb.SET_PERCENTAGE, status=status, ended_at=None)
    filling = lower_to(plan, percentage, filled(rollout), census)
    left = {"phase": None, "served": frozenset[str](), "phase_entered_at": None} if percentage == 0 else {}
    return change(rollout, now, Verb.SET_PERCENTAGE, filling, status=status, ended_at=None, **left)
