"""Prepare: the draft is complete, the rollout may be started."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.decide.next_state import Next, change, status_after
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb


def prepare(rollout: Rollout, now: datetime) -> Next:
    """Ready to start. Raises TransitionRefused once it has started."""
    return change(rollout, now, Verb.PREPARE, status=status_after(rollout, Verb.PREPARE))
