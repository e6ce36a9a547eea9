"""Start: the first subjects are served."""

from __future__ import annotations

from datetime import datetime

from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.climb import enter
from rollout_core.rollouts.decide.next_state import Next, check_percentage, status_after
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.ramping import entry_share
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import Target, entered_at, place_of


def start(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, *, phase: str | None = None,
          percentage: int | None = None) -> Next:
    """Running in the first phase, or in the one named, or (no phase named) at a share in buckets. A plan with a risk
    budget begins with the first rung of its ramp.

    Raises TransitionRefused, InvalidPercentage, InvalidRequest (no such phase).
    """
    status = status_after(rollout, Verb.START)
    if phase is None and percentage is not None:
        check_percentage(percentage)
        target = Target(percentage, entered_at(plan, percentage, None).key)
    else:
        entering = plan.phases[max(place_of(plan, phase), 0)]
        target = Target(entry_share(plan, entering.percentage, 0), entering.key)
    return enter(plan, rollout, census, now, target, cause=Verb.START, status=status, started_at=now)
