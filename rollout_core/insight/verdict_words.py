"""Verdicts in words, and as the states of gates: what is proven, or what is missing and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.analysis.reasons import REASONS
from rollout_core.analysis.verdict import Need, Status, Verdict
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.judgement import reduced_in
from rollout_core.insight.scene import Scene
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import Adoption, RetentionOn
from rollout_core.rollouts.gates import GateState
from rollout_core.rollouts.rollout import Epoch
from rollout_core.rollouts.status import Verb

PLAIN: Mapping[Status, str] = {
    Status.WORSE: "proven worse than tolerated", Status.SAFE: "proven not worse than tolerated",
    Status.MISMATCH: "the split is not the planned one", Status.PROVEN: "proven",
    Status.NOT_MET: "proven not to be met",
}

STATE_OF: Mapping[Status, GateState] = {
    Status.PROVEN: GateState.MET, Status.NOT_MET: GateState.NOT_MET, Status.NOT_YET: GateState.NOT_YET,
    Status.NO_DATA: GateState.NO_DATA, Status.MANUAL: GateState.MANUAL,
}


def gate_state(verdict: Verdict) -> GateState:
    """A criterion's verdict as a gate's state. A proof that may only advise opens nothing."""
    if verdict.status is Status.PROVEN and not verdict.acts:
        return GateState.NOT_YET
    return STATE_OF[verdict.status]


def words_of(verdict: Verdict) -> str:
    """What is proven, or what is missing, without a capital and a full stop: it is said within a sentence."""
    if verdict.status is Status.PROVEN and not verdict.acts:
        return "seen, but the arms are too unequal for a proof"
    if verdict.need is not None:
        return f"{missing_of(verdict)} would settle it, {_when(verdict.need)}"
    if verdict.reason == "not_counted" and at_an_age(verdict.metric):
        return "nobody has been in for long enough since the evidence began"
    if verdict.reason in REASONS:
        return REASONS[verdict.reason]
    if verdict.status is Status.WATCHING and not enough(verdict):
        return REASONS["too_few"]
    return PLAIN.get(verdict.status, "not proven either way yet")


BEGAN: Mapping[str, str] = {
    Verb.START: "the start", Verb.RESUME: "the resume", Verb.ROLL_BACK: "the rollback", Verb.PAUSE: "the pause",
    Verb.MIGRATE_PLAN: "the change of plan",
}
"""Cause of the epoch with which evidence began -> what people call it."""


PHASE_BEGAN = "this phase began"


@dataclass(frozen=True, slots=True)
class Since:
    """From when on what comes counts as proof of the present phase's criteria: `cause` as people say it."""

    cause: str
    at: datetime

    def __str__(self) -> str:
        return f"since {self.cause} on {self.at:%-d %b} at {self.at:%H:%M} UTC"


def since_of(scene: Scene) -> Since | None:
    """When the evidence that criteria are judged by began; None before the first start."""
    began = _began([epoch for epoch in scene.epochs if epoch.evidence_version == scene.rollout.evidence_version])
    if began is None:
        return None
    entered = scene.rollout.phase_entered_at
    if entered is not None and (entered > began.began_at or began.cause not in BEGAN):
        return Since(PHASE_BEGAN, max(entered, began.began_at))
    return Since(BEGAN.get(began.cause, "the last change"), began.began_at)


def _began(mine: Sequence[Epoch]) -> Epoch | None:
    """The epoch with which the evidence of a version began."""
    restart = reduced_in(mine)
    return next((epoch for epoch in mine if epoch.number == restart), mine[0] if mine else None)


def since_in(epochs: Sequence[Epoch]) -> Since | None:
    """When the evidence began that a look saw in the last of these epochs."""
    began = _began([epoch for epoch in epochs if epoch.evidence_version == epochs[-1].evidence_version])
    return None if began is None else Since(BEGAN.get(began.cause, "the last change"), began.began_at)


def epoch_since(scene: Scene) -> Since | None:
    """What opened the epoch in force, and when: numbers of now reach no further back. None before the first start."""
    newest = scene.epochs[-1] if scene.epochs else None
    if newest is None:
        return None
    entered = PHASE_BEGAN if newest.cause == Verb.ADVANCE else "the last change"
    return Since(BEGAN.get(newest.cause, entered), newest.began_at)


def ripe_after(scene: Scene, key: str) -> timedelta | None:
    """How long a subject must have been in before it counts for an evidence key; None: at once."""
    metric, rules = CATALOG.get(parts_of(key)[0]), scene.plan.measurement
    if metric is not None and isinstance(metric.formula, Adoption):
        return rules.adoption_floor_age if metric.formula.floor else rules.adoption_age
    if metric is not None and isinstance(metric.formula, RetentionOn):
        return timedelta(days=metric.formula.day + 1)
    return None


def sentence_of(verdict: Verdict) -> str:
    """The same as a sentence."""
    words = words_of(verdict)
    return f"{words[:1].upper()}{words[1:]}."


def enough(verdict: Verdict) -> bool:
    """Whether as many were seen as the metric needs to say anything: in each arm where arms are compared, in treatment
    where its own value is judged, in both together for the split."""
    metric = CATALOG.get(parts_of(verdict.metric)[0])
    treatment, control = verdict.n_treatment, verdict.n_control
    seen = treatment if verdict.scale == "level" else min(treatment, control)
    if verdict.key == SPLIT_KEY:
        seen = treatment + control
    return seen >= (metric.minimum_sample if metric else SPLIT_MINIMUM)


SPLIT_KEY, SPLIT_MINIMUM = "sample_ratio", 30
"""The split of the arms: of fewer newcomers it is no ratio."""


def at_an_age(key: str) -> bool:
    """True for what is known of a subject only some time after it entered."""
    metric = CATALOG.get(parts_of(key)[0])
    return metric is not None and isinstance(metric.formula, (Adoption, RetentionOn))


def noun_of(key: str) -> str:
    """What an evidence key counts: requests, people, page views."""
    metric = CATALOG.get(parts_of(key)[0])
    return metric.noun if metric else "subjects"


def missing_of(verdict: Verdict) -> str:
    """ "about 1,200 more requests", as many as settle it as often as not; "" where nobody can say."""
    if verdict.need is None:
        return ""
    return f"about {_rounded(verdict.need.subjects_50):,} more {noun_of(verdict.metric)}"


def _when(need: Need) -> str:
    """ "likely in 30 h, nearly surely in 5 days": likely is as often as not, nearly surely nine times in ten."""
    if need.hours_50 is None or need.hours_90 is None:
        return f"likely; about {_rounded(need.subjects_90):,} nearly surely"
    return f"likely in {time_in_words(need.hours_50)}, nearly surely in {time_in_words(need.hours_90)}"


def _rounded(count: int) -> int:
    """Two digits are all a forecast has."""
    return int(float(f"{count:.2g}")) if count else 0


def time_in_words(hours: float) -> str:
    """ "5 h", "3 days", "more than a year"."""
    if hours < 48:
        return f"{max(round(hours), 1)} h"
    days = hours / 24
    return f"{float(f'{days:.2g}'):g} days" if days < 365 else "more than a year"
