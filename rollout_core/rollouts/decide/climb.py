"""Raising exposure into a phase: what start, advance and set_percentage have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.next_state import Next, change, filled
from rollout_core.rollouts.filling import raise_to
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import Target, falls_into, place_of


def enter(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, to: Target, *,
          cause: Verb, **fields: Any) -> Next:
    """The rollout at the share of `to`, in its phase; the flags of that phase and of those before it are on.

    Audiences are filled as the phase asks in which the share falls: between two phases that is the later one.
    """
    phase = plan.phases[max(place_of(plan, to.phase), 0)]
    filling = raise_to(plan, falls_into(plan, to.percentage, phase.key), to.percentage, filled(rollout), census)
    if phase.key != rollout.phase or cause is not Verb.SET_PERCENTAGE:
        fields["phase_entered_at"] = now
    served = rollout.served | plan.flags_served_in(phase.key)
    return change(rollout, now, cause, filling, phase=phase.key, served=served, **fields)
