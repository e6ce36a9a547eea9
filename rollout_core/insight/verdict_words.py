"""Verdicts in words, and as the states of gates: what is proven, or what is missing and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.judgement import restart_of
from rollout_core.insight.scene import Scene
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import Adoption, RetentionOn
from rollout_core.rollouts.gates import GateState
from rollout_core.rollouts.status import Verb

REASONS: Mapping[str, str] = {
    "not_counted": "nothing was counted yet", "no_events": "no data yet", "no_treatment": "nobody in treatment yet",
    "no_control": "there is no control to compare with yet; an audience taken whole never has one",
    "share_too_skewed": "the arms are too unequal for this metric to act; it only advises",
    "too_few": "too few to say anything yet", "no_exposures": "nobody was exposed yet",
    "waits_for_signature": "waits for a signature", "signed": "signed",
}
"""Why there is no more to say, in words."""

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
        noun = noun_of(verdict.metric)
        return f"{_more(verdict.need.subjects_50, verdict.need.hours_50, noun)} would settle it as often as not, " \
               f"{_more(verdict.need.subjects_90, verdict.need.hours_90, noun)} nine times in ten"
    if verdict.reason == "not_counted" and at_an_age(verdict.metric):
        return "nobody has been in for long enough since the evidence began"
    if verdict.reason in REASONS:
        return REASONS[verdict.reason]
    return PLAIN.get(verdict.status, "not proven either way yet")


BEGAN: Mapping[str, str] = {
    Verb.START: "the start", Verb.RESUME: "the resume", Verb.ROLL_BACK: "the rollback", Verb.PAUSE: "the pause",
    Verb.MIGRATE_PLAN: "the change of plan",
}
"""Cause of the epoch with which evidence began -> what people call it."""


def since_in_words(scene: Scene) -> str:
    """ "since the resume on 10 Nov at 10:50 UTC": when the evidence that a criterion is judged by began."""
    restart, version = restart_of(scene), scene.rollout.evidence_version
    mine = [epoch for epoch in scene.epochs if epoch.evidence_version == version]
    began = next((epoch for epoch in mine if epoch.number == restart), mine[0] if mine else None)
    if began is None:
        return "since the evidence began"
    entered = scene.rollout.phase_entered_at
    if entered is not None and entered > began.began_at:
        return f"since this phase began on {entered:%-d %b} at {entered:%H:%M} UTC"
    return f"since {BEGAN.get(began.cause, 'the last change')} on {began.began_at:%-d %b} at {began.began_at:%H:%M} UTC"


def sentence_of(verdict: Verdict) -> str:
    """The same as a sentence."""
    words = words_of(verdict)
    return f"{words[:1].upper()}{words[1:]}."


def at_an_age(key: str) -> bool:
    """True for what is known of a subject only some time after it entered."""
    metric = CATALOG.get(parts_of(key)[0])
    return metric is not None and isinstance(metric.formula, (Adoption, RetentionOn))


def noun_of(key: str) -> str:
    """What an evidence key counts: requests, people, page views."""
    metric = CATALOG.get(parts_of(key)[0])
    return metric.noun if metric else "subjects"


def _more(count: int, hours: float | None, noun: str) -> str:
    """ "about 1,200 more requests (3 days)"; two digits are all a forecast has."""
    rounded = int(float(f"{count:.2g}")) if count else 0
    return f"about {rounded:,} more {noun}" + ("" if hours is None else f" ({time_in_words(hours)})")


def time_in_words(hours: float) -> str:
    """ "5 h", "3 days", "more than a year"."""
    if hours < 48:
        return f"{max(round(hours), 1)} h"
    days = hours / 24
    return f"{float(f'{days:.2g}'):g} days" if days < 365 else "more than a year"
