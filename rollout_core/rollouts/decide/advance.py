"""Advance: on to the next phase, or to a later one by name."""

from __future__ import annotations

from datetime import datetime

from rollout_core.errors import TransitionRefused
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.decide.climb import enter
from rollout_core.rollouts.decide.next_state import Next, status_after
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.ramping import entry_share
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Verb
from rollout_core.rollouts.targets import Target, next_phase, place_of


def advance(plan: Plan, rollout: Rollout, census: Census | None, now: datetime, *, phase: str | None = None) -> Next:
    """Running in the next phase (the current one again, while its share is not reached) or in a later one. With a risk
    budget a phase is entered at the share its ramp goes on from; advancing once more takes the whole of it.

    Raises TransitionRefused backwards or in the last phase, InvalidRequest for an unknown phase.
    """
    status = status_after(rollout, Verb.ADVANCE)
    entering = next_phase(plan, rollout) if phase is None else _named(plan, rollout, phase)
    share = entering.percentage
    if entering.key != rollout.phase:
        share = entry_share(plan, share, rollout.percentage)
    target = Target(max(share, rollout.percentage), entering.key)
    return enter(plan, rollout, census, now, target, cause=Verb.ADVANCE, status=status)


def _named(plan: Plan, rollout: Rollout, key: str) -> Phase:
    """The phase of this name, if it lies ahead."""
    place, current = place_of(plan, key), place_of(plan, rollout.phase)
    phase = plan.phases[place]
    if place > current or (place == current and rollout.percentage < phase.percentage):
        return phase
    facts = {"rollout": rollout.key, "phase": rollout.phase, "asked": key}
    if place == current:
        raise TransitionRefused(f"{rollout.name} already is in {phase.name}.", mend="Nothing needs to be done.",
                                **facts)
    raise TransitionRefused(f"{rollout.name} is past {phase.name}.",
                            mend="Advance only goes forward; use rollback to go back.", **facts)
