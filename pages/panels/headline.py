"""The first words on a rollout's page: may it advance, does it harm, what is waited for."""

from __future__ import annotations

from collections.abc import Sequence

from streamlit.delta_generator import DeltaGenerator

from pages.panels.page import Here
from pages.panels.rollout_card import may_advance, waits_for
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.charts.words import plain, sentence
from rollout_core.errors import RolloutError
from rollout_core.insight.status import StatusAnswer
from rollout_core.insight.verdicts import VerdictsRequest

SERVES_NOBODY = {
    "draft": "Draft: nobody has it", "ready": "Ready: nobody has it yet", "paused": "Paused: nobody has it",
    "stopped": "Stopped: nobody has it",
}


def harm(here: Here, rollout: str) -> list[str] | None:
    """Names of what is proven worse than control, as users' text; None when that cannot be said now: the store does not
    answer, or no guardrail has data."""
    try:
        found = here.ask("verdicts", VerdictsRequest(rollout), settled=True).guardrails
    except RolloutError:
        return None
    if all(each.verdict.status is Standing.NO_DATA for each in found):
        return None
    return [each.name for each in found if each.verdict.status is Standing.WORSE and each.verdict.acts]


def headline(here: Here, place: DeltaGenerator, status: StatusAnswer, harm: Sequence[str] | None) -> None:
    """The answer in a line, then harm, what is waited for and what matters beside it. `harm` None: not known."""
    said = " ".join(part for part in (_harm(status, harm), _waiting(here, status), _beside(here, status)) if part)
    place.markdown(f"## {_answer(here, status, harm)}\n{said}", anchors=False)


def _answer(here: Here, status: StatusAnswer, harm: Sequence[str] | None) -> str:
    nobody = SERVES_NOBODY.get(status.status)
    if nobody:
        return nobody
    if harm:
        return f"Harm is proven: {plain(', '.join(harm))}"
    share = f"{status.share.percentage:g}%"
    if status.status == "completed":
        return f"Completed at {share}: it is still watched"
    if status.status == "held":
        return f"Held at {share}: nothing moves until somebody resumes it"
    return may_advance(here, status.gates, status.next_phase, status.alerts)


def _harm(status: StatusAnswer, harm: Sequence[str] | None) -> str:
    if status.status in SERVES_NOBODY:
        return ""
    if harm is None:
        return "Whether it harms is not known yet: no guardrail has data."
    return "Going back is what the evidence says." if harm else "No harm is proven."


def _waiting(here: Here, status: StatusAnswer) -> str:
    if status.gates.not_met or not status.gates.waiting:
        return sentence(status.gates.words)
    return f"Waits for: {'; '.join(waits_for(here, each) for each in status.gates.waiting)}."


def _beside(here: Here, status: StatusAnswer) -> str:
    said = []
    if status.remembered_percentage is not None and status.status in ("paused", "stopped"):
        said.append(f"It was at {status.remembered_percentage:g}%.")
    end = None if status.phase is None else status.phase.maximum_until_at
    if end is not None and end < here.now and status.status == "running":
        said.append(f"This phase was planned to end {here.when(end)}.")
    return " ".join(said)
