"""Where a rollout begins when `start` names nothing: the first phase, or what the environment of the plan says."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.errors import InvalidPercentage, InvalidRequest
from rollout_core.flags.bucketing import buckets_of_percentage
from rollout_core.rollouts.plan import Plan


def beginning(plan: Plan, environment: Mapping[str, str]) -> tuple[str | None, int | None]:
    """(phase key, percentage in buckets) that the plan's own variables name; (None, None) when they name nothing.

    A percentage of 0 and a phase of 0 mean "not yet" in the seed and name nothing. Raises InvalidRequest.
    """
    phase = _said(plan.environment.start_phase, environment)
    percentage = _said(plan.environment.start_percentage, environment)
    return (_phase(plan, phase) if phase else None,
            _percentage(percentage, str(plan.environment.start_percentage)) if percentage else None)


def _said(variable: str | None, environment: Mapping[str, str]) -> str | None:
    said = environment.get(variable, "").strip() if variable else ""
    return None if said in {"", "0"} else said


def _phase(plan: Plan, said: str) -> str:
    """A phase by its key or by its number, 1-based."""
    numbered = {str(number): phase.key for number, phase in enumerate(plan.phases, 1)}
    keys = {phase.key: phase.key for phase in plan.phases}
    found = (numbered | keys).get(said)
    if found is None:
        raise InvalidRequest(f"{plan.environment.start_phase} says {said!r}, which is no phase of {plan.name}.",
                             mend=f"Phases: {', '.join(keys)}.", phase=said)
    return found


def _percentage(said: str, variable: str) -> int:
    try:
        return buckets_of_percentage(float(said))
    except ValueError:
        raise InvalidPercentage(f"{variable} says {said!r}, which is not a percentage.",
                                mend="Give a number from 0 to 100.", percentage=said) from None
