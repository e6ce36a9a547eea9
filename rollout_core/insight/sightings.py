"""What every alert rule of a plan sees now. Computes and never acts: the sweep settles sightings into alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from rollout_core.analysis.verdict import Status
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.health.alert import SINCE
from rollout_core.health.recommendation import topic_of
from rollout_core.health.sighting import Sighting
from rollout_core.insight.judge import BEYOND, JUDGES, State
from rollout_core.insight.judgement import Judgement
from rollout_core.insight.missing_data import missing_data, stopped
from rollout_core.insight.recent import for_rule
from rollout_core.insight.scene import Scene
from rollout_core.insight.status import Share
from rollout_core.insight.trouble import critical_issues, failed_checks, security_issues
from rollout_core.insight.words import instant, measured_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Quality
from rollout_core.ports.event_store import EventStore
from rollout_core.rollouts.plan import AlertRule
from rollout_core.rollouts.policies import judged_as, watched
from rollout_core.rollouts.rollout import Epoch
from rollout_core.rollouts.status import SERVING

OVERSHOOT_TOLERATED = 0.05
"""How much more than planned may be served, as a share of the plan, before it is an overshoot; at least one subject.

Between two raises newcomers of an audience that is taken whole come in at once, those of the others by their share, so
the real share drifts above the plan in ordinary growth; the next raise brings it back. A twentieth is what weeks of
that bring, and far less than a phase adds; forced overrides, or a rule that matches too many, exceed it (decision 87).
"""

Seen = tuple[bool | None, str, bool]
"""(fires, evidence in words, proven)."""


@dataclass(frozen=True, slots=True)
class View:
    """What rules look at; `found` None: nothing has been judged yet."""

    events: EventStore
    scene: Scene
    share: Share
    found: Judgement | None


def sightings(events: EventStore, scene: Scene, share: Share,
              found: Judgement | None = None) -> tuple[Sighting, ...]:
    """One per alert rule of the plan, in its order. `found` says which crossed limits are proven."""
    view = View(events, scene, share, found)
    return tuple(_sighting(view, rule) for rule in scene.plan.alerts)


def topic(scene: Scene, sighting: Sighting) -> str:
    """What a sighting is about, for its recommendation."""
    rule = next((rule for rule in scene.plan.alerts if rule.key == sighting.rule), None)
    if rule is None:
        return "issues"
    return topic_of(CATALOG[rule.metric].group if rule.metric else None, rule.kind, rule.metric or "")


def _sighting(view: View, rule: AlertRule) -> Sighting:
    fires, evidence, proven = SEEN_BY_KIND[rule.kind](view, rule)
    if fires and rule.kind == "metric":
        by_test = proof_of(view.scene, rule, view.found)
        proven = proven if by_test is None else by_test
        evidence += "" if proven else "; not proven yet"
    began = _passed_at(view.scene, rule) if fires else None
    since = {} if began is None else {SINCE: began.isoformat()}
    return Sighting(rollout=view.scene.rollout.key, rule=rule.key, scope="", severity=rule.severity, fires=fires,
                    title=rule.name, evidence=evidence, proven=proven, advice=rule.advice, calm=rule.calm,
                    facts={"kind": rule.kind, "metric": rule.metric, "threshold": rule.threshold, **since})


def _passed_at(scene: Scene, rule: AlertRule) -> datetime | None:
    """When the limit of a rule on time was passed, however much later somebody looked; None: rules on what is measured.
    """
    begun, entered, phase = scene.rollout.started_at, scene.rollout.phase_entered_at, scene.rollout.phase
    if rule.metric == "rollout_duration" and begun is not None and rule.threshold is not None:
        return begun + timedelta(days=rule.threshold)
    if rule.kind == "phase_overdue" and entered is not None and phase is not None:
        longest = scene.plan.phase(phase).maximum_duration
        return None if longest is None else entered + longest
    return None


def _metric(view: View, rule: AlertRule) -> Seen:
    """Crossed with the minimum sample: fires. Where no test judges it: proven when the whole interval is beyond; by a
    comparison of before and after never."""
    if rule.metric is None or rule.comparison is None or rule.threshold is None:
        return None, "the rule names no metric", False
    if rule.while_percentage_above is not None and view.scene.rollout.percentage <= rule.while_percentage_above:
        return False, f"applies only above {rule.while_percentage_above / 1000:g}% of the subjects", True
    measured = for_rule(view.events, view.scene, rule.metric, rule.comparison, tag=rule.tag, after=rule.after)
    if measured.quality is Quality.STALE and not stopped(view.events, view.scene, CATALOG[rule.metric].source):
        measured = replace(measured, quality=Quality.OK)      # a quiet hour: the newest numbers are still those of now
    if measured.value is None or measured.quality in (Quality.FEW, Quality.STALE):
        return None, measured_in_words(measured), False
    beyond = JUDGES["evidence"].judge(measured, rule.comparison, rule.threshold) is State.MET
    words = measured_in_words(measured) + ("" if measured.causal else "; before and after, not causal")
    return BEYOND[rule.comparison](measured.value, rule.threshold), words, beyond and measured.causal


def proof_of(scene: Scene, rule: AlertRule, found: Judgement | None) -> bool | None:
    """Whether the sequential tests prove what an alert rule says; None: none of them judges it.

    A degradation is judged where a pause condition of the plan compares with the same threshold.
    """
    if found is None:
        return None
    twins = {key for each in scene.plan.pause_conditions
             if (each.metric, each.threshold, each.tag) == (rule.metric, rule.threshold, rule.tag)
             for key in judged_as(scene.plan, each)}
    verdicts = [verdict for verdict in (*found.verdicts.watched, *found.verdicts.guardrails)
                if verdict.key == watched(rule) or verdict.key in twins]
    return any(verdict.status is Status.WORSE for verdict in verdicts) if verdicts else None


def _critical_issue(view: View, rule: AlertRule) -> Seen:
    found = critical_issues(view.scene)
    return bool(found), "; ".join(issue.title for issue in found) or "none is open", True


def _security_issue(view: View, rule: AlertRule) -> Seen:
    found = security_issues(view.events, view.scene)
    return bool(found), "; ".join(found) or "none is open", True


def _health_check(view: View, rule: AlertRule) -> Seen:
    found = failed_checks(view.events, view.scene)
    if found is None:
        return None, "no health check has reported yet", True
    return bool(found), "; ".join(found) or "every component's newest check is ok", True


def _overshoot(view: View, rule: AlertRule) -> Seen:
    """More subjects have it than planned: newcomers, or overrides of the environment."""
    if view.share.have is None or not view.share.eligible:
        return None, "there is no register to count in", True
    planned = view.share.buckets * view.share.eligible / BUCKETS
    over = view.share.have > planned + max(1.0, OVERSHOOT_TOLERATED * planned)
    return over, f"{view.share.have:,} have it, {planned:,.0f} are planned", True


def _sample_ratio(view: View, rule: AlertRule) -> Seen:
    """Newcomers of the evidence version against the split of their hour and stratum: the verdict that also holds."""
    if view.found is None:
        return None, "nobody is exposed yet", True
    split, rows = view.found.verdicts.sample_ratio, view.found.evidence.exposures
    if split.status is Status.NO_DATA:
        return None, "nobody was in or out by chance, so there is no split to check", True
    expected = sum(share * (treated + control) for treated, control, share in zip(
        rows.new_treatment, rows.new_control, rows.inclusion, strict=True)) / BUCKETS
    words = f"{split.n_treatment:,} entered treatment where {expected:,.0f} were expected"
    return split.status is Status.MISMATCH, words, True


def _missing_data(view: View, rule: AlertRule) -> Seen:
    """Nothing arrives of the kinds that always come, while something is served."""
    missing, words = missing_data(view.events, view.scene)
    return missing, words, True


def _overdue_rollback(view: View, rule: AlertRule) -> Seen:
    """A critical issue is open for longer than an immediate rollback may take, and exposure has not gone down since."""
    scene = view.scene
    due = next((each.due for each in scene.plan.rollbacks if each.kind == "immediate"), timedelta(minutes=30))
    late = [issue for issue in critical_issues(scene) if scene.now - issue.opened_at > due
            and not _lowered_since(scene.epochs, issue.opened_at)]
    if scene.rollout.percentage == 0 or not late:
        return False, "no rollback is due", True
    return True, f"{late[0].title}: open since {instant(late[0].opened_at)}, rollback was due", True


def _lowered_since(epochs: tuple[Epoch, ...], since_at: datetime) -> bool:
    return any(after.percentage < before.percentage and after.began_at >= since_at
               for before, after in pairwise(epochs))


def _phase_overdue(view: View, rule: AlertRule) -> Seen:
    scene, rollout = view.scene, view.scene.rollout
    if rollout.phase is None or rollout.phase_entered_at is None or rollout.status not in SERVING:
        return False, "no phase is under way", True
    phase = scene.plan.phase(rollout.phase)
    if phase.maximum_duration is None:
        return False, "this phase has no maximum duration", True
    end_at = rollout.phase_entered_at + phase.maximum_duration
    return scene.now > end_at, f"{phase.name} was to end by {instant(end_at)}", True


SEEN_BY_KIND: Mapping[str, Callable[[View, AlertRule], Seen]] = {
    "metric": _metric, "critical_issue": _critical_issue, "security_issue": _security_issue,
    "health_check": _health_check, "overshoot": _overshoot, "sample_ratio": _sample_ratio,
    "missing_data": _missing_data, "overdue_rollback": _overdue_rollback, "phase_overdue": _phase_overdue,
}
"""Kinds of alert rules and what each looks at; a test holds it equal to what plans may say."""
