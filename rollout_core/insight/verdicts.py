"""What the evidence proves about one rollout now, guardrail by guardrail and criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.analysis.verdict import Status, Verdict, worst
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.scene import scene
from rollout_core.insight.verdict_numbers import NOTHING_TOLD, Told, told_of
from rollout_core.insight.verdict_words import enough, sentence_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.ports.room import Room
from rollout_core.rollouts.targets import place_of


@dataclass(frozen=True, slots=True)
class VerdictsRequest:
    """`phase` None: the one in force."""

    rollout: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class NamedVerdict:
    """A verdict with its name in the plan, the rung its rule asks for (guardrails), the metric's unit and a sentence.
    `enough` False: fewer were seen than the metric needs to say anything. `told`: what its number is, in words.

    `verdict.estimate` and bounds are on `verdict.scale`; percentiles are judged as shares above a frozen reference.
    """

    name: str
    rung: str
    unit: str
    words: str
    verdict: Verdict
    enough: bool = True
    told: Told = NOTHING_TOLD


@dataclass(frozen=True, slots=True)
class VerdictsAnswer:
    """`guardrails_say` and `criteria_say` fold each list to the one that decides. `ready`: exposure may rise by proof.

    Everything is None or empty before the first start, and before any window was closed.
    """

    rollout: str
    phase: str | None
    sample_ratio: NamedVerdict | None
    guardrails: tuple[NamedVerdict, ...]
    criteria: tuple[NamedVerdict, ...]
    guardrails_say: str
    criteria_say: str
    ready: bool
    closed_until_at: datetime | None


def answer(room: Room, request: VerdictsRequest) -> VerdictsAnswer:
    """Judges now. Raises RolloutNotFound, StoreUnavailable, InvalidRequest for an unknown phase."""
    here = scene(room, request.rollout)
    place_of(here.plan, request.phase)
    found = judgement_of(room, here, request.phase)
    if found is None:
        nothing = Status.NO_DATA.value
        return VerdictsAnswer(here.rollout.key, here.rollout.phase, None, (), (), nothing, nothing, ready=False,
                              closed_until_at=None)
    names = found.criterion_names(here.plan)
    verdicts, basis = found.verdicts, here.plan.measurement.error_basis
    return VerdictsAnswer(
        rollout=found.rollout, phase=found.phase, sample_ratio=_named(verdicts.sample_ratio, found, basis),
        guardrails=tuple(_named(each, found, basis) for each in verdicts.guardrails),
        criteria=tuple(_named(each, found, basis, names) for each in verdicts.criteria),
        guardrails_say=worst(verdicts.guardrails).value, criteria_say=worst(verdicts.criteria).value,
        ready=verdicts.ready, closed_until_at=found.closed_until_at)


def _named(verdict: Verdict, found: Judgement, basis: str, criteria: dict[str, str] | None = None) -> NamedVerdict:
    rung = found.asked.rungs.get(verdict.key)
    name = (criteria or {}).get(verdict.key) or found.asked.names.get(verdict.key) or "Split of treatment and control"
    return named(verdict, name, told_of(verdict, criterion=criteria is not None, error_basis=basis),
                 rung.value if rung else "")


def named(verdict: Verdict, name: str, told: Told, rung: str = "") -> NamedVerdict:
    """A verdict with what people need to read it."""
    metric = CATALOG.get(parts_of(verdict.metric)[0])
    return NamedVerdict(name, rung, metric.unit if metric else "relative", sentence_of(verdict), verdict,
                        enough(verdict), told)
