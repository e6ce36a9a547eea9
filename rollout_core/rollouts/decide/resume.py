"""Resume: on from a hold, a pause or a stop, never to more than was served before it."""

from __future__ import annotations

from datetime import datetime

from rollout_core.errors import ExposureWouldRise
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.next_state import Next, change, check_percentage, status_after
from rollout_core.rollouts.filling import Filled, describe, lower_to
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status, Verb
from rollout_core.rollouts.targets import served_before


def resume(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, *,
           percentage: int | None = None) -> Next:
    """Running again at what was served before, or at less (buckets). Evidence starts anew.

    A rollout stopped before it ever started becomes a draft again. Raises TransitionRefused, InvalidPercentage,
    ExposureWouldRise above what was served.
    """
    status = status_after(rollout, Verb.RESUME)
    if rollout.started_at is None:
        status = Status.DRAFT
    served = served_before(rollout)
    share = served if percentage is None else percentage
    check_percentage(share)
    if share > served:
        raise ExposureWouldRise(
            f"{rollout.name} served {percentage_of_buckets(served):g} % before.",
            mend="Resume at that share or less; then set the percentage, which checks what must hold for it.",
            rollout=rollout.key, served=served, asked=share)
    before = Filled(rollout.remembered_thresholds if rollout.remembered is not None else rollout.thresholds,
                    rollout.raises)
    filling = (describe(plan, share, before.thresholds, rollout.raises, census) if share == served
               else lower_to(plan, share, before, census))
    return change(rollout, now, Verb.RESUME, filling, status=status, remembered=None, remembered_thresholds={},
                  evidence_version=rollout.evidence_version + 1)
