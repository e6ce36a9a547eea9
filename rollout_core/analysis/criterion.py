"""Success criteria: met only with proof. A value that happens to be fine today is NOT_YET, with what is missing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rollout_core.analysis import mixture, summed
from rollout_core.analysis.case import arm_sizes
from rollout_core.analysis.choose import SMALLEST_SHARE, Kernel
from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.difference import exact_tables, kernel_of
from rollout_core.analysis.evidence import ArmTotals, Evidence, MetricEvidence
from rollout_core.analysis.forecast import Standing, need
from rollout_core.analysis.level import measure, pooled
from rollout_core.analysis.policy import (
    DifferenceGuardrail,
    Direction,
    ImprovementCriterion,
    ManualCriterion,
    Policy,
    TargetCriterion,
)
from rollout_core.analysis.stratified import blocks_estimate
from rollout_core.analysis.verdict import Status, Verdict, bounded

OPPOSITE = {Direction.HIGHER: Direction.LOWER, Direction.LOWER: Direction.HIGHER}


def judge_target(evidence: Evidence, policy: Policy, rule: TargetCriterion) -> Verdict:
    """Treatment's own value against a target: PROVEN, NOT_MET (proven on the wrong side), NOT_YET or NO_DATA."""
    metric = evidence.of(rule.metric)
    if metric is None or not metric.treatment:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, reason=evidence.why_not(rule.metric))
    level = measure(metric, pooled(_since(metric.treatment, rule)), rule.target, rule.mde)
    if level.n == 0:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, reason="no_events")
    needed = float(-np.log(policy.alpha_go))
    status = _status(level.log_e(rule.better), level.log_e(OPPOSITE[rule.better]), needed)
    sign = 1.0 if rule.better is Direction.HIGHER else -1.0
    beside = measure(metric, pooled(_since(metric.control, rule)), rule.target, rule.mde, bounds=False)
    control = (sign * beside.score, beside.information)
    now = Standing(sign * level.score, level.information, rule.mde, needed, control)
    missing = need(now, level.n, metric.treatment_per_hour) if status is Status.NOT_YET else None
    return Verdict(rule.key, rule.metric, status, "level", bounded(level.estimate), bounded(level.lower),
                   bounded(level.upper), level.log_e(rule.better), needed, level.n, 0, level.kernel, acts=True,
                   need=missing, reason="" if level.ready else "too_few", score=sign * level.score,
                   information=level.information, control_score=control[0], control_information=control[1])


def _since(arm: Iterable[ArmTotals], rule: TargetCriterion) -> list[ArmTotals]:
    return [entry for entry in arm if entry.epoch >= rule.since_epoch]


def judge_improvement(evidence: Evidence, policy: Policy, rule: ImprovementCriterion) -> Verdict:
    """Treatment against `ratio` times concurrent control; the difference is positive where it is better."""
    metric = evidence.of(rule.metric)
    if metric is None or metric.unnamed:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", reason=evidence.why_not(rule.metric))
    test = DifferenceGuardrail(rule.key, rule.metric, rule.mde, worse=rule.better, tolerated_ratio=rule.ratio)
    n_treatment, n_control = arm_sizes(metric)
    if n_treatment == 0 or n_control == 0:
        missing_arm = "no_treatment" if n_treatment == 0 else "no_control"
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", n_treatment=n_treatment,
                       n_control=n_control, reason=missing_arm)
    kernel = kernel_of(metric, test, None)
    needed = float(-np.log(policy.alpha_go))
    found = _difference(metric, test, kernel)
    if found is None or not bool(found.ready):
        return Verdict(rule.key, rule.metric, Status.NOT_YET, "difference", log_e_needed=needed,
                       n_treatment=n_treatment, n_control=n_control, kernel=kernel.value, reason="too_few")
    score, information = float(found.score), float(found.information)
    table = exact_tables(metric, test)[0] if kernel is Kernel.EXACT else None
    better = float(mixture.log_e(score, information, rule.mde)) if table is None else table.path(None).last()
    status = _status(better, float(mixture.log_e(-score, information, rule.mde)), needed)
    width = float(mixture.half_width(found.error, rule.mde, policy.alpha_go))
    centre = float(found.difference)
    missing = need(Standing(score, information, rule.mde, needed), n_treatment, metric.treatment_per_hour
                   ) if status is Status.NOT_YET else None
    return Verdict(rule.key, rule.metric, status, "difference", centre, centre - width, centre + width, better, needed,
                   n_treatment, n_control, kernel.value, acts=_may_act(metric, kernel), need=missing, score=score,
                   information=information)


def _may_act(metric: MetricEvidence, kernel: Kernel) -> bool:
    """An asymptotic test may only where the smaller arm has its 10 %."""
    balanced = any(stratum.smaller_share >= SMALLEST_SHARE for stratum in metric.strata)
    return kernel is Kernel.EXACT or (balanced and kernel is not Kernel.ADVISORY)


def judge_manual(rule: ManualCriterion) -> Verdict:
    """MANUAL until a person has signed it."""
    status = Status.PROVEN if rule.signed else Status.MANUAL
    return Verdict(rule.key, "", status, acts=True, reason="signed" if rule.signed else "waits_for_signature")


def _difference(metric: MetricEvidence, test: DifferenceGuardrail, kernel: Kernel) -> Estimate | None:
    found = summed.estimate(metric, test, kernel)
    if found is None and metric.blocks is not None:
        return blocks_estimate(metric, metric.blocks, test)
    return found


def _status(better: float, worse: float, needed: float) -> Status:
    return Status.PROVEN if better >= needed else Status.NOT_MET if worse >= needed else Status.NOT_YET
