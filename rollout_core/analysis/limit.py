"""Absolute limits: is treatment's own value proven beyond a fixed limit, and does control break it as well?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rollout_core.analysis import budget
from rollout_core.analysis.evidence import ArmTotals, Evidence, MetricEvidence
from rollout_core.analysis.level import Level, measure, pooled
from rollout_core.analysis.policy import Direction, LimitGuardrail, Policy
from rollout_core.analysis.verdict import Status, Verdict, bounded

CONTROL_ALPHA = 0.05


def judge_limit(evidence: Evidence, policy: Policy, rule: LimitGuardrail) -> Verdict:
    """WORSE: proven beyond the limit. SAFE: the interval lies on the good side. Else WATCHING, or NO_DATA.

    `control_breaks_too` says that control is proven beyond it as well, so the rollout need not be the cause.
    """
    metric = evidence.of(rule.metric)
    if metric is None or not metric.treatment:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, reason=evidence.why_not(rule.metric))
    level = _level(metric, rule, evidence)
    if level.n == 0:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, reason="no_events")
    weights = policy.acting_weights()
    needed = budget.log_e_needed(weights, rule.key, policy.alpha_pause) if rule.acts else -np.log(policy.alpha_watch)
    log_e = limit_log_e(evidence, metric, rule, level)
    beyond = level.lower if rule.worse is Direction.LOWER else level.upper
    safe = level.ready and (beyond > rule.limit if rule.worse is Direction.LOWER else beyond < rule.limit)
    status = Status.WORSE if log_e >= needed else Status.SAFE if safe else Status.WATCHING
    control = measure(metric, pooled(metric.control), rule.limit, rule.mde, bounds=False)
    breaks = control.ready and control.log_e(rule.worse) >= -np.log(CONTROL_ALPHA)
    return Verdict(rule.key, rule.metric, status, "level", bounded(level.estimate), bounded(level.lower),
                   bounded(level.upper), log_e, float(needed), level.n, control.n, level.kernel, rule.acts,
                   control_breaks_too=bool(breaks))


def limit_log_e(evidence: Evidence, metric: MetricEvidence, rule: LimitGuardrail, level: Level) -> float:
    """One log e for "beyond the limit" from `level`, the evidence since the start or the restart, and each epoch's."""
    def scope(totals: Sequence[ArmTotals], epoch: int | None = None) -> float:
        return measure(metric, pooled(totals, epoch), rule.limit, rule.mde, bounds=False).log_e(rule.worse)
    start = level.log_e(rule.worse) if evidence.restart_epoch <= 1 else None
    epochs = {epoch: scope(metric.treatment, epoch)
              for epoch in range(max(2, evidence.restart_epoch), evidence.epoch + 1)}
    found = budget.log_e_of_scopes(start, epochs, evidence.epoch)
    if evidence.recent_day > 1:
        recent = [entry for entry in metric.recent_treatment if entry.epoch >= evidence.restart_epoch]
        found = budget.with_recent(found, scope(recent), evidence.recent_day)
    return float(found)


def _level(metric: MetricEvidence, rule: LimitGuardrail, evidence: Evidence) -> Level:
    since = [entry for entry in metric.treatment if entry.epoch >= evidence.restart_epoch]
    return measure(metric, pooled(since), rule.limit, rule.mde)
