"""Where a rollout stands between the phases of its plan, and where a rollback goes. Percentages in buckets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollout_core.errors import InvalidRequest, TransitionRefused
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout

HALF = 0.5


class Rollback(StrEnum):
    """How far back: the phase before, a part of the share (half unless the plan says so), or the plan's safe state."""

    IMMEDIATE = "immediate"
    GRADUAL = "gradual"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Target:
    """An absolute place to go back to: a share in buckets and the phase that goes with it (None: before the first)."""

    percentage: int
    phase: str | None


def place_of(plan: Plan, phase: str | None) -> int:
    """The place of a phase in its plan, 0-based; -1 before the first. Raises InvalidRequest for an unknown key."""
    if phase is None:
        return -1
    try:
        return plan.phase_index(phase)
    except KeyError:
        raise InvalidRequest(f"The plan {plan.name} has no phase {phase!r}.",
                             mend=f"Its phases are {', '.join(each.key for each in plan.phases)}.",
                             phase=phase) from None


def falls_into(plan: Plan, percentage: int, current: str | None) -> Phase:
    """The phase whose share covers `percentage`: the first, from the current one on, that reaches it."""
    later = plan.phases[max(place_of(plan, current), 0):]
    return next((phase for phase in later if phase.percentage >= percentage), plan.phases[-1])


def entered_at(plan: Plan, percentage: int, current: str | None) -> Phase:
    """The phase last entered when the share has grown to `percentage`: the furthest whose own share is reached."""
    return plan.phases[max(place_of(plan, furthest(plan, percentage)), place_of(plan, current), 0)]


def phase_ahead(plan: Plan, rollout: Rollout) -> Phase | None:
    """Where `advance` goes: to the current phase while its share is not reached, else to the one after it; None in the
    last."""
    place = place_of(plan, rollout.phase)
    if place >= 0 and rollout.percentage < plan.phases[place].percentage:
        return plan.phases[place]
    return plan.phases[place + 1] if place + 1 < len(plan.phases) else None


def next_phase(plan: Plan, rollout: Rollout) -> Phase:
    """The phase ahead. Raises TransitionRefused in the last one."""
    phase = phase_ahead(plan, rollout)
    if phase is not None:
        return phase
    raise TransitionRefused(f"{rollout.name} is in its last phase, {plan.phases[-1].name}.",
                            mend="Complete the rollout when it has proven itself.", rollout=rollout.key,
                            phase=rollout.phase)


def rollback_target(plan: Plan, rollout: Rollout, kind: Rollback) -> Target:
    """Where a rollback of this kind goes from here. It may equal what is served; `roll_back` then changes nothing."""
    return _TARGETS[kind](plan, rollout, served_before(rollout))


def served_before(rollout: Rollout) -> int:
    """The share (buckets) that is served, or was before the pause or stop that is in force."""
    return rollout.percentage if rollout.remembered is None else rollout.remembered


def landing(plan: Plan, rollout: Rollout, percentage: int) -> Target:
    """The place that belongs to a share named outright: the furthest phase it reaches, never beyond the current one."""
    place = min(place_of(plan, furthest(plan, percentage)), place_of(plan, rollout.phase))
    return Target(percentage, plan.phases[place].key if place >= 0 else None)


def furthest(plan: Plan, percentage: int) -> str | None:
    """The key of the furthest phase whose share `percentage` reaches; None before the first."""
    return next((phase.key for phase in reversed(plan.phases) if phase.percentage <= percentage), None)


def _gradual(plan: Plan, rollout: Rollout, served: int) -> Target:
    """The share less what the plan's gradual rollback takes away (half, where it says nothing), in the same phase."""
    taken = next((each.reduce_by for each in plan.rollbacks
                  if each.kind == Rollback.GRADUAL and each.reduce_by is not None), HALF)
    return Target(served * (BUCKETS - round(taken * BUCKETS)) // BUCKETS, rollout.phase)


def _phase_before(plan: Plan, rollout: Rollout, served: int) -> Target:
    """The nearest earlier phase with a share strictly below what is served; before the first phase: nobody."""
    for phase in reversed(plan.phases[: max(place_of(plan, rollout.phase), 0)]):
        if phase.percentage < served:
            return Target(phase.percentage, phase.key)
    return Target(0, None)


def _safe_state(plan: Plan, rollout: Rollout, served: int) -> Target:
    """The plan's safe state as an absolute place."""
    if isinstance(plan.safe_state, int):
        return landing(plan, rollout, plan.safe_state)
    place = min(place_of(plan, plan.safe_state), place_of(plan, rollout.phase))
    return Target(plan.phases[place].percentage, plan.phases[place].key) if place >= 0 else Target(0, None)


_TARGETS = {Rollback.GRADUAL: _gradual, Rollback.IMMEDIATE: _phase_before, Rollback.FULL: _safe_state}
