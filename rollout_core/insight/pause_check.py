"""Would a pause condition pause this rollout now? Computes and never acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_core.analysis.verdict import WORST_FIRST, Status
from rollout_core.insight.bare_threshold import cost_in_words
from rollout_core.insight.judge import BEYOND, JUDGES, State
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.recent import for_rule
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.trouble import critical_issues, failed_checks, security_issues
from rollout_core.insight.verdict_words import words_of
from rollout_core.insight.words import measured_in_words, target_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import caused
from rollout_core.rollouts.plan import PauseCondition
from rollout_core.rollouts.policies import judged_as


@dataclass(frozen=True, slots=True)
class PauseCheckRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class PauseLine:
    """One condition. `fires` None: cannot be judged, for want of data. `watching`: the bare value is over the
    threshold and not proven. `rung` is what the plan asks for first. `cost` (in `words` too): how often a condition
    that decides by its bare threshold errs at this traffic; empty for one that decides by evidence."""

    key: str
    name: str
    kind: str
    fires: bool | None
    watching: bool
    words: str
    rung: str
    decide: str
    measured: Measured | None = None
    threshold: float | None = None
    cost: str = ""


@dataclass(frozen=True, slots=True)
class PauseCheckAnswer:
    """`should_pause` is True when any condition fires."""

    rollout: str
    should_pause: bool
    conditions: tuple[PauseLine, ...]
    computed_at: datetime


def answer(room: Room, request: PauseCheckRequest) -> PauseCheckAnswer:
    """Every pause condition of the plan, judged now."""
    here = scene(room, request.rollout)
    return pause_check(room.events, here, judgement_of(room, here))


def pause_check(events: EventStore, scene: Scene, found: Judgement | None = None) -> PauseCheckAnswer:
    """The same for a scene that is already read; `found` is what the evidence proves, None before there is any."""
    lines = tuple(JUDGE_BY_KIND[condition.kind](events, scene, condition, found)
                  for condition in scene.plan.pause_conditions)
    return PauseCheckAnswer(scene.rollout.key, any(line.fires for line in lines), lines, scene.now)


def _metric(events: EventStore, scene: Scene, condition: PauseCondition, found: Judgement | None) -> PauseLine:
    key, comparison, threshold = condition.metric, condition.comparison, condition.threshold
    if key is None or comparison is None or threshold is None:
        return _line(condition, None, "the condition names no metric")
    limit = condition.while_percentage_above
    if limit is not None and scene.rollout.percentage <= limit:
        return _line(condition, False, f"applies only above {limit / 1000:g}% of the subjects")
    measured = for_rule(events, scene, key, comparison, tag=condition.tag, after=condition.after)
    crossed = measured.value is not None and BEYOND[comparison](measured.value, threshold)
    told, cost = f"pauses when {target_in_words(comparison, threshold, CATALOG[key].unit)}", ""
    if condition.decide == "threshold":
        state = JUDGES["threshold"].judge(measured, comparison, threshold)
        fires = None if state is State.NO_DATA else state is State.MET
        why = cost = cost_in_words(events, scene, condition)
    else:
        fires, why = _proof(judged_as(scene.plan, condition), found)
        if not fires and measured.quality in (Quality.OFF, Quality.STALE):
            fires = None
        told += " by proof"
    words = "; ".join(part for part in (measured_in_words(measured), told, why) if part)
    watching = crossed and not fires and measured.quality is not Quality.FEW
    return PauseLine(condition.key, condition.name, condition.kind, fires, watching, words, condition.rung.value,
                     condition.decide, measured, threshold, cost)


def _proof(keys: Sequence[str], found: Judgement | None) -> tuple[bool | None, str]:
    """(fires, why) of a condition that waits for proof; a degradation is proven by any of its percentiles."""
    verdicts = () if found is None else tuple(
        verdict for verdict in found.verdicts.guardrails if verdict.key in keys)
    if found is None or not verdicts:
        return None, "nothing is judged yet"
    first = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.status))
    if first.status is Status.WORSE and not first.acts:
        return False, words_of(first)
    if first.status is Status.WORSE and not caused(first, found.verdicts):
        return False, "proven, but control is beyond the limit too: this rollout is not the cause"
    judged = [verdict for verdict in verdicts if verdict.status is not Status.NO_DATA]
    if not judged:
        return None, words_of(first)
    return first.status is Status.WORSE, words_of(min(judged, key=lambda verdict: WORST_FIRST.index(verdict.status)))


def _critical_issue(events: EventStore, scene: Scene, condition: PauseCondition, found: object) -> PauseLine:
    issues = critical_issues(scene)
    return _line(condition, bool(issues), "; ".join(issue.title for issue in issues) or "no critical issue is open")


def _health_check(events: EventStore, scene: Scene, condition: PauseCondition, found: object) -> PauseLine:
    checks = failed_checks(events, scene)
    if checks is None:
        return _line(condition, None, "no health check has reported yet")
    return _line(condition, bool(checks), "; ".join(checks) or "every component's newest check is ok")


def _security_issue(events: EventStore, scene: Scene, condition: PauseCondition, found: object) -> PauseLine:
    issues = security_issues(events, scene)
    return _line(condition, bool(issues), "; ".join(issues) or "no critical security issue is open")


JUDGE_BY_KIND: Mapping[str, Callable[[EventStore, Scene, PauseCondition, Judgement | None], PauseLine]] = {
    "metric": _metric, "critical_issue": _critical_issue, "health_check": _health_check,
    "security_issue": _security_issue,
}
"""Kinds of pause conditions and how each is judged."""


def _line(condition: PauseCondition, fires: bool | None, words: str) -> PauseLine:
    return PauseLine(condition.key, condition.name, condition.kind, fires, False, words, condition.rung.value,
                     condition.decide)
