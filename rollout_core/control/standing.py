"""How the success criteria of phases stand now: evidence from insight, signatures from the control store."""

from __future__ import annotations

from collections.abc import Iterable

from rollout_core.control.counting import within
from rollout_core.insight import QUESTIONS
from rollout_core.insight.gates import GatesAnswer, GatesRequest
from rollout_core.ports.control_records import Signoff
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.gates import CriterionStanding, GateState, Standings
from rollout_core.rollouts.phase import Phase

PATIENCE_S = 20.0
"""How long evidence may take; what did not come counts as no data, and no data opens no gate."""


def standings(room: Room, unit: ControlUnit, rollout: str, phases: Iterable[Phase]) -> Standings:
    """{phase: {criterion: standing}} for these phases."""
    return {phase.key: {**_proven(room, rollout, phase), **_signed(unit.signoffs.of(rollout, phase.key), phase)}
            for phase in phases if phase.criteria}


def _proven(room: Room, rollout: str, phase: Phase) -> dict[str, CriterionStanding]:
    """What the numbers say."""
    request = GatesRequest(rollout, phase.key)
    answer = within(PATIENCE_S, lambda: QUESTIONS["gates"].answer(room, request))
    if not isinstance(answer, GatesAnswer):
        return {}
    return {gate.key: CriterionStanding(GateState(gate.state.value), gate.words, gate.needed, gate.judge)
            for gate in answer.gates if gate.kind == "criterion"}


def _signed(signoffs: Iterable[Signoff], phase: Phase) -> dict[str, CriterionStanding]:
    """What people signed, of the criteria that people sign."""
    manual = {criterion.key for criterion in phase.criteria if criterion.manual}
    return {each.criterion: CriterionStanding(
                GateState.SIGNED if each.met else GateState.NOT_MET,
                f"signed by {each.by} on {each.at:%Y-%m-%d}: {each.evidence}", "signed by a person, with evidence")
            for each in signoffs if each.criterion in manual}
