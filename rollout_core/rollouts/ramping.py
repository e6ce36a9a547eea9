"""The adaptive ramp of a plan with a risk budget: which rung exposure may climb to within its phase. Pure.

The ramp takes the steps between what is served and the phase's percentage; from phase to phase gates decide as ever.
What a subject costs is its first error since the version began.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from rollout_core.analysis.evidence import Evidence, FirstEvents, MetricEvidence
from rollout_core.analysis.ramp import RampAdvice, RampPolicy, RampState, advise, stalls, upper_bound
from rollout_core.analysis.verdict import Verdict
from rollout_core.rollouts.plan import WHOLE, Guardrail, Plan
from rollout_core.rollouts.rollout import Rollout

HOUR = timedelta(hours=1)
RELEASES, STEPS = 0.05, 0.10
"""Error rates of the anytime bounds that release the ramp, and that a step is weighed with."""


def guarded_by(plan: Plan) -> Guardrail | None:
    """The guardrail on errors, whose margin the ramp has to exclude."""
    return next((rule for rule in plan.guardrails
                 if rule.metric == plan.health.error_metric and not rule.relative), None)


def ramp_policy(plan: Plan) -> RampPolicy | None:
    """The plan's ramp; None without a risk budget or a guardrail on errors with an absolute margin."""
    budget, rule = plan.autopilot.risk_budget_errors, guarded_by(plan)
    return None if budget is None or rule is None or rule.margin <= 0.0 else RampPolicy(budget, rule.margin)


def budget_needed(plan: Plan) -> float | None:
    """The budget with which the ramp would not stand still at its ceiling, when the plan's is smaller."""
    policy = ramp_policy(plan)
    return None if policy is None else stalls(policy, plan.health.error_target, max(len(plan.guardrails), 1))


def climb(plan: Plan, rollout: Rollout, evidence: Evidence, errors: Verdict | None, now: datetime) -> RampAdvice | None:
    """The ramp's advice; None where the plan has no ramp, or errors are not counted by their first ones yet."""
    policy, rule = ramp_policy(plan), guarded_by(plan)
    if policy is None or rule is None or errors is None or rollout.epoch_began_at is None:
        return None
    metric = evidence.of(rule.metric)
    if metric is None or metric.firsts is None or not metric.strata:
        return None
    treatment, control = (_arm(metric, metric.firsts, side) for side in ("treatment", "control"))
    upper, upper_95 = (float(upper_bound(treatment, control, rule.margin, alpha)) for alpha in (STEPS, RELEASES))
    on_rung = max((now - rollout.epoch_began_at) / HOUR, 0.0)
    state = RampState(
        share=rollout.percentage / WHOLE, hours_on_rung=on_rung, treated=float(treatment[1].sum()),
        arriving_per_hour=_arriving(evidence), upper=upper, upper_95=upper_95, log_e=errors.log_e)
    return advise(_at_level(policy, errors), state)


def _at_level(policy: RampPolicy, errors: Verdict) -> RampPolicy:
    """Proven harm is what the guardrail calls so, within the error budget of all guardrails."""
    return RampPolicy(policy.budget, policy.margin, policy.ladder, policy.dwell_hours, policy.ceiling,
                      policy.hold_hours, errors.log_e_needed)


def _arm(metric: MetricEvidence, rows: FirstEvents, side: str) -> tuple[np.ndarray, np.ndarray]:
    """(subjects with a first error, subjects) of one side by stratum.

    Subjects: the most that were at risk or had theirs already, at any hour with an event.
    """
    x, n = np.zeros(len(metric.strata)), np.zeros(len(metric.strata))
    for stratum, events, at_risk in zip(rows.stratum, getattr(rows, f"events_{side}"), getattr(rows, f"at_risk_{side}"),
                                        strict=True):
        n[stratum] = max(n[stratum], x[stratum] + at_risk)
        x[stratum] += events
    return x, n


def _arriving(evidence: Evidence) -> float:
    """Subjects first seen an hour, both sides, over the hours in which there were any."""
    entered = evidence.exposures
    return (sum(entered.new_treatment) + sum(entered.new_control)) / max(len(entered.new_treatment), 1)
