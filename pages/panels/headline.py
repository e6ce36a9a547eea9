"""The first words on a rollout's page: may it advance, does it harm, what is waited for."""

from __future__ import annotations

from dataclasses import dataclass

from streamlit.delta_generator import DeltaGenerator

from pages.panels.guardrails import listed
from pages.panels.page import Here
from pages.panels.rollout_card import ends, may_advance, waits_for
from pages.panels.rollout_parts import before_words
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.charts.words import plain, sentence
from rollout_core.errors import RolloutError
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.status import StatusAnswer
from rollout_core.insight.verdicts import VerdictsAnswer, VerdictsRequest

SERVES_NOBODY = {
    "draft": "Draft: nobody has it", "ready": "Ready: nobody has it yet", "paused": "Paused: nobody has it",
    "stopped": "Stopped: nobody has it",
}


@dataclass(frozen=True, slots=True)
class Harm:
    """`proven`: names of what is proven worse than control, as users' text. `known` of the `of` guardrails have enough
    data to say anything."""

    proven: tuple[str, ...] = ()
    known: int = 0
    of: int = 0


def harm(here: Here, rollout: str) -> Harm:
    """What the guardrails say; nothing known where the store does not answer."""
    try:
        answer: VerdictsAnswer = here.ask("verdicts", VerdictsRequest(rollout), settled=True)
    except RolloutError:
        return Harm()
    proven = [each.name for each in answer.guardrails if each.verdict.status is Standing.WORSE and each.verdict.acts]
    rules = listed(answer)
    known = sum(1 for each in rules if each.enough and each.verdict.status is not Standing.NO_DATA)
    return Harm(tuple(proven), known, len(rules))


def headline(here: Here, place: DeltaGenerator, status: StatusAnswer, harm: Harm) -> None:
    """The answer in a line, then harm, what is waited for and what matters beside it."""
    said = " ".join(part for part in (_harm(status, harm), _waiting(here, status), _beside(here, status)) if part)
    place.markdown(f"## {_answer(here, status, harm)}\n{said}", anchors=False)


def _answer(here: Here, status: StatusAnswer, harm: Harm) -> str:
    nobody = SERVES_NOBODY.get(status.status)
    if nobody:
        return nobody
    if harm.proven:
        return f"Harm is proven: {plain(', '.join(harm.proven))}"
    share = f"{status.share.percentage:g}%"
    if status.status == "completed":
        return f"Completed at {share}: it is still watched"
    if status.status == "held":
        return f"Held at {share}: nothing moves until somebody resumes it"
    return may_advance(here, status.gates, status.next_phase, status.alerts, ends(status.phase))


def _harm(status: StatusAnswer, harm: Harm) -> str:
    """Harm that is proven is said at once; that there is none only once half of the guardrails can say anything."""
    if status.status in SERVES_NOBODY:
        return ""
    if harm.proven:
        return "Going back is what the evidence says."
    if not harm.known:
        return "Whether it harms is not known yet: no guardrail has enough data."
    have = f"{harm.known} of {harm.of} guardrails"
    if harm.known * 2 < harm.of:
        return f"Whether it harms is not known yet: {have} have enough data."
    return "No harm is proven." if harm.known == harm.of else f"No harm is proven by the {have} that have enough data."


def _waiting(here: Here, status: StatusAnswer) -> str:
    """What stands before the next step. A start waits for the checklist alone: criteria are of leaving a phase."""
    if status.gates.not_met or not status.gates.waiting:
        return sentence(status.gates.words)
    listed = "; ".join(waits_for(here, each) for each in status.gates.waiting)
    if status.status == "ready" and status.next_phase is not None:
        return f"It can be started. Before it leaves {plain(status.next_phase.name)} it needs: {listed}."
    return f"Waits for: {listed}."


def _beside(here: Here, status: StatusAnswer) -> str:
    said = []
    if status.remembered_percentage is not None and status.status in ("paused", "stopped"):
        said.append(f"It was at {status.remembered_percentage:g}%.")
    end = None if status.phase is None else status.phase.maximum_until_at
    if end is not None and end < here.now and status.status == "running":
        said.append(f"This phase was planned to end {here.when(end)}.")
    if status.status == "running":
        said.append(before_words(here.ask("gates", GatesRequest(status.rollout))))
    return " ".join(filter(None, said))
