"""Release the holdout: subjects kept out for comparison are let in. It may only shrink."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.rollouts.decide.next_state import Next, change, check_percentage, status_after
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb


def release_holdout(rollout: Rollout, now: datetime, *, to: int = 0) -> Next:
    """The holdout keeps `to` buckets. Raises TransitionRefused, InvalidPercentage, InvalidRequest if it would grow."""
    status = status_after(rollout, Verb.RELEASE_HOLDOUT)
    check_percentage(to)
    if to > rollout.holdout.buckets:
        raise InvalidRequest(f"The holdout of {rollout.name} may only shrink while it runs.",
                             mend=f"It keeps {rollout.holdout.buckets} buckets now.", rollout=rollout.key, asked=to)
    return change(rollout, now, Verb.RELEASE_HOLDOUT, status=status, holdout=replace(rollout.holdout, buckets=to))
