"""Stop: the kill switch. From any status, stronger than every override."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rollout_core.rollouts.decide.next_state import Next, change, nobody, status_after
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb


def stop(rollout: Rollout, now: datetime) -> Next:
    """Stopped at 0 %. Remembers what was served, or what a pause before it remembered; twice changes nothing."""
    status = status_after(rollout, Verb.STOP)
    remembered: dict[str, Any] = {} if rollout.remembered is not None else {
        "remembered": rollout.percentage, "remembered_thresholds": rollout.thresholds}
    return change(rollout, now, Verb.STOP, status=status, percentage=0, thresholds=nobody(rollout), ended_at=None,
                  **remembered)
