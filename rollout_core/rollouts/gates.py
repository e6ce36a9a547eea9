"""Gates: what must hold before exposure rises. Judged on the exposure a change leads to, whatever the verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from rollout_core.errors import GateClosed
from rollout_core.rollouts.decide.next_state import Next
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.targets import falls_into, place_of


class GateState(StrEnum):
    """Whether a gate is open. NOT_YET: too little data or time; MANUAL: waits for a signature; WAIVED: let go by an
    admin with a reason, which says of nothing that it was done; NO_DATA: unknown."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_YET = "not_yet"
    MANUAL = "manual"
    SIGNED = "signed"
    WAIVED = "waived"
    NO_DATA = "no_data"


def state_in_words(state: str, judge: str) -> str:
    """A criterion's state: "proven" when sequential evidence met it, "met" when today's interval or a fact does."""
    return "proven" if state == "met" and judge == "evidence" else state.replace("_", " ")


OPEN = frozenset({GateState.MET, GateState.SIGNED, GateState.WAIVED})
"""The states that let exposure rise. Unknown is not among them."""


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """How a success criterion stands, as the evidence says; `measured` and `needed` in words for people.

    `judge`: evidence (proven by the sequential test) or interval (read off: facts, durations, signatures).
    """

    state: GateState
    measured: str = ""
    needed: str = ""
    judge: str = "interval"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must hold. `phase` is the phase whose proof it is; None for the checklist. `judge`: as standing's.
    """

    key: str
    name: str
    state: GateState
    measured: str = ""
    needed: str = ""
    phase: str | None = None
    judge: str = "interval"

    @property
    def open(self) -> bool:
        """True when it lets exposure rise."""
        return self.state in OPEN


Standings = Mapping[str, Mapping[str, CriterionStanding]]
"""{phase key: {criterion key: how it stands}}; what is missing counts as no data."""

UNKNOWN = CriterionStanding(GateState.NO_DATA, measured="no data")


def phases_to_prove(plan: Plan, rollout: Rollout, percentage: int, phase: str | None) -> tuple[Phase, ...]:
    """The phases that must have proven themselves before `percentage` (buckets) may be served.

    Those from the current one up to the phase the share falls into, and always the one just before it.
    """
    into = place_of(plan, falls_into(plan, percentage, phase).key)
    current = max(place_of(plan, rollout.phase), 0)
    return plan.phases[min(current, max(into - 1, 0)):into]


def gates_of(plan: Plan, after: Next, standings: Standings, checklist: tuple[Gate, ...],
             now: datetime) -> tuple[Gate, ...]:
    """Every gate of a change; empty when it raises nobody's exposure. `checklist` gates the first exposure only."""
    if not after.raises_exposure:
        return ()
    rollout = after.before
    gates = list(checklist) if rollout.started_at is None else []
    for phase in phases_to_prove(plan, rollout, after.rollout.percentage, after.rollout.phase):
        gates += duration_gate(phase, rollout, plan, now)
        gates += criteria_gates(phase, standings)
    return tuple(gates)


def criteria_gates(phase: Phase, standings: Standings) -> list[Gate]:
    """A gate for each success criterion of a phase."""
    known = standings.get(phase.key, {})
    gates = []
    for criterion in phase.criteria:
        standing = known.get(criterion.key) or (
            CriterionStanding(GateState.MANUAL, needed="signed by a person, with evidence")
            if criterion.manual else UNKNOWN)
        gates.append(Gate(criterion.key, criterion.name, standing.state, standing.measured, standing.needed, phase.key,
                          standing.judge))
    return gates


def duration_gate(phase: Phase, rollout: Rollout, plan: Plan, now: datetime) -> list[Gate]:
    """The minimum duration of a phase: over for phases left behind, running in the current one, not begun later."""
    if phase.minimum_duration is None or place_of(plan, phase.key) < place_of(plan, rollout.phase):
        return []
    current = phase.key == rollout.phase and rollout.phase_entered_at is not None
    spent = now - rollout.phase_entered_at if current and rollout.phase_entered_at else timedelta(0)
    state = GateState.MET if spent >= phase.minimum_duration else GateState.NOT_YET
    return [Gate("minimum_duration", f"Minimum duration of {phase.name}", state, in_words(spent),
                 f"at least {in_words(phase.minimum_duration)}", phase.key)]


def pass_gates(gates: tuple[Gate, ...], *, admin: bool, reason: str | None) -> tuple[Gate, ...]:
    """The gates that an admin's written reason overrules; empty when all are open. Raises GateClosed."""
    closed = tuple(gate for gate in gates if not gate.open)
    if closed and not (admin and reason and reason.strip()):
        listed = "; ".join(f"{gate.name}: {gate.state.value.replace('_', ' ')}" for gate in closed)
        raise GateClosed(f"{len(closed)} of {len(gates)} conditions are not met: {listed}.",
                         mend="Meet them, or let an admin go on with a written reason"
                         + ("; the one given is empty." if reason is not None and not reason.strip() else "."),
                         unmet=[{"key": gate.key, "name": gate.name, "state": gate.state.value, "phase": gate.phase,
                                 "measured": gate.measured, "needed": gate.needed} for gate in closed])
    return closed


def in_words(span: timedelta) -> str:
    """A stretch of time as people say it: days, hours or minutes, rounded down."""
    for seconds, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        count = int(span.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def left_in_words(span: timedelta) -> str:
    """What is left of a stretch, rounded up: 12 days of 14 that are over leave 2, not 1."""
    seconds = span.total_seconds()
    unit = next((unit for unit in (86_400, 3_600, 60) if seconds > unit), 60)
    return in_words(timedelta(seconds=max(ceil(seconds / unit), 1) * unit))
