"""Pause: nobody is served by percentage, and the rollout remembers where it was."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.decide.next_state import Next, change, nobody, status_after
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status, Verb


def pause(rollout: Rollout, now: datetime) -> Next:
    """At 0 %, remembering the share and thresholds. Pausing twice changes nothing. Raises TransitionRefused."""
    status = status_after(rollout, Verb.PAUSE)
    if rollout.status is Status.PAUSED:
        return change(rollout, now, Verb.PAUSE)
    return change(rollout, now, Verb.PAUSE, status=status, percentage=0, thresholds=nobody(rollout), ended_at=None,
                  remembered=rollout.percentage, remembered_thresholds=rollout.thresholds)
