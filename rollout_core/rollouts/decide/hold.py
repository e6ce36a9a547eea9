"""Hold: exposure stays, and nothing moves by itself."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.decide.next_state import Next, change, status_after
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb


def hold(rollout: Rollout, now: datetime) -> Next:
    """Held where it is. Raises TransitionRefused."""
    return change(rollout, now, Verb.HOLD, status=status_after(rollout, Verb.HOLD))
