"""Would a pause condition pause this rollout now? Computes and never acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.judge import BEYOND, JUDGES, State
from rollout_core.insight.recent import for_rule
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.trouble import critical_issues, failed_checks, security_issues
from rollout_core.insight.words import measured_in_words, target_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import PauseCondition


@dataclass(frozen=True, slots=True)
class PauseCheckRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class PauseLine:
    """One condition. `fires` None: cannot be judged, for want of data. `watching`: the bare value is over the
    threshold and not proven. `rung` is what the plan asks for first."""

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


@dataclass(frozen=True, slots=True)
class PauseCheckAnswer:
    """`should_pause` is True when any condition fires."""

    rollout: str
    should_pause: bool
    conditions: tuple[PauseLine, ...]
    computed_at: datetime


def answer(room: Room, request: PauseCheckRequest) -> PauseCheckAnswer:
    """Every pause condition of the plan, judged now."""
    return pause_check(room.events, scene(room, request.rollout))


def pause_check(events: EventStore, scene: Scene) -> PauseCheckAnswer:
    """The same for a scene that is already read."""
    lines = tuple(JUDGE_BY_KIND[condition.kind](events, scene, condition) for condition in scene.plan.pause_conditions)
    return PauseCheckAnswer(scene.rollout.key, any(line.fires for line in lines), lines, scene.now)


def _metric(events: EventStore, scene: Scene, condition: PauseCondition) -> PauseLine:
    key, comparison, threshold = condition.metric, condition.comparison, condition.threshold
    if key is None or comparison is None or threshold is None:
        return _line(condition, None, "the condition names no metric")
    limit = condition.while_percentage_above
    if limit is not None and scene.rollout.percentage <= limit:
        return _line(condition, False, f"applies only above {limit / 1000:g}% of the subjects")
    measured = for_rule(events, scene, key, comparison, tag=condition.tag, after=condition.after)
    state = JUDGES[condition.decide].judge(measured, comparison, threshold)
    crossed = measured.value is not None and BEYOND[comparison](measured.value, threshold)
    fires = None if state is State.NO_DATA else state is State.MET
    words = f"{measured_in_words(measured)}; pauses when {target_in_words(comparison, threshold, CATALOG[key].unit)}"
    watching = crossed and not fires and measured.quality is not Quality.FEW
    return PauseLine(condition.key, condition.name, condition.kind, fires, watching, words, condition.rung.value,
                     condition.decide, measured, threshold)


def _critical_issue(events: EventStore, scene: Scene, condition: PauseCondition) -> PauseLine:
    found = critical_issues(scene)
    return _line(condition, bool(found), "; ".join(issue.title for issue in found) or "no critical issue is open")


def _health_check(events: EventStore, scene: Scene, condition: PauseCondition) -> PauseLine:
    checks = failed_checks(events, scene)
    if checks is None:
        return _line(condition, None, "no health check has reported yet")
    return _line(condition, bool(checks), "; ".join(checks) or "every component's newest check is ok")


def _security_issue(events: EventStore, scene: Scene, condition: PauseCondition) -> PauseLine:
    found = security_issues(events, scene)
    return _line(condition, bool(found), "; ".join(found) or "no critical security issue is open")


JUDGE_BY_KIND: Mapping[str, Callable[[EventStore, Scene, PauseCondition], PauseLine]] = {
    "metric": _metric, "critical_issue": _critical_issue, "health_check": _health_check,
    "security_issue": _security_issue,
}
"""Kinds of pause conditions and how each is judged."""


def _line(condition: PauseCondition, fires: bool | None, words: str) -> PauseLine:
    return PauseLine(condition.key, condition.name, condition.kind, fires, False, words, condition.rung.value,
                     condition.decide)
