"""What the evidence proves about one rollout now, guardrail by guardrail and criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.analysis.verdict import Status, Verdict, worst
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.scene import scene
from rollout_core.metrics.catalog import CATALOG
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class VerdictsRequest:
    """`phase` None: the one in force."""

    rollout: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class NamedVerdict:
    """A verdict with its name in the plan, the rung its rule asks for (guardrails), the metric's unit and a sentence.

    `verdict.estimate` and bounds are on `verdict.scale`; percentiles are judged as shares above a frozen reference.
    """

    name: str
    rung: str
    unit: str
    words: str
    verdict: Verdict


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
    """Judges now. Raises RolloutNotFound, StoreUnavailable."""
    here = scene(room, request.rollout)
    found = judgement_of(room, here, request.phase)
    if found is None:
        nothing = Status.NO_DATA.value
        return VerdictsAnswer(here.rollout.key, here.rollout.phase, None, (), (), nothing, nothing, ready=False,
                              closed_until_at=None)
    names = {each.key: each.name for phase in here.plan.phases for each in phase.criteria}
    verdicts = found.verdicts
    return VerdictsAnswer(
        rollout=found.rollout, phase=found.phase, sample_ratio=_named(verdicts.sample_ratio, found, {}),
        guardrails=tuple(_named(each, found, {}) for each in verdicts.guardrails),
        criteria=tuple(_named(each, found, names) for each in verdicts.criteria),
        guardrails_say=worst(verdicts.guardrails).value, criteria_say=worst(verdicts.criteria).value,
        ready=verdicts.ready, closed_until_at=found.closed_until_at)


def _named(verdict: Verdict, found: Judgement, names: dict[str, str]) -> NamedVerdict:
    metric = CATALOG.get(verdict.metric.partition("@")[0].partition("#")[0])
    rung = found.asked.rungs.get(verdict.key)
    name = names.get(verdict.key) or found.asked.names.get(verdict.key) or "Split of treatment and control"
    return NamedVerdict(name, rung.value if rung else "", metric.unit if metric else "relative", words_of(verdict),
                        verdict)


REASONS = {
    "not_counted": "Nothing was counted yet.", "no_events": "No data yet.", "no_treatment": "Nobody in treatment yet.",
    "no_control": "There is no control to compare with: an audience taken whole has none.",
    "share_too_skewed": "The arms are too unequal for this metric to act; it only advises.",
    "too_few": "Too few to say anything yet.", "no_exposures": "Nobody was exposed yet.",
    "waits_for_signature": "Waits for a signature.", "signed": "Signed.",
}
"""Why there is no more to say, in words."""


def words_of(verdict: Verdict) -> str:
    """One sentence: what is proven, or what is missing and how long that takes."""
    if verdict.need is not None:
        return f"{_more(verdict.need.subjects_50, verdict.need.hours_50)}; at the latest (9 in 10) " \
               f"{_more(verdict.need.subjects_90, verdict.need.hours_90)}."
    if verdict.reason in REASONS:
        return REASONS[verdict.reason]
    return {Status.WORSE: "Proven worse than tolerated.", Status.SAFE: "Proven not worse than tolerated.",
            Status.MISMATCH: "The split is not the planned one.", Status.PROVEN: "Proven.",
            Status.NOT_MET: "Proven not to be met."}.get(verdict.status, "Not proven either way yet.")


def _more(subjects: int, hours: float | None) -> str:
    """ "about 1,200 more, about 3 days"; two digits are all a forecast has."""
    rounded = int(float(f"{subjects:.2g}")) if subjects else 0
    time = "" if hours is None else f", about {_time(hours)}"
    return f"about {rounded:,} more{time}"


def _time(hours: float) -> str:
    if hours < 48:
        return f"{max(round(hours), 1)} h"
    days = hours / 24
    return f"{float(f'{days:.2g}'):g} days" if days < 365 else "more than a year"


