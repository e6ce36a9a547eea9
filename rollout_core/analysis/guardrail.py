"""Guardrails: is treatment proven worse than concurrent control, proven not worse than tolerated, or neither yet?

All guardrails of a version are judged together: what each asks of the kernels is the same, so one array holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rollout_core.analysis import budget
from rollout_core.analysis.case import Case, case_of
from rollout_core.analysis.choose import Kernel
from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.harm import estimates_of, harm_log_e
from rollout_core.analysis.interval import Interval, intervals
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.verdict import Status, Verdict, bounded


def judge_guardrails(evidence: Evidence, policy: Policy) -> list[Verdict]:
    """The verdict about each guardrail. WORSE needs log e ≥ log(1/(α·share of the budget)); SAFE an upper bound below
    the tolerated margin; NO_DATA when an arm is empty or nothing was counted."""
    found = [case_of(evidence, rule) for rule in policy.guardrails]
    cases = [each for each in found if isinstance(each, Case)]
    judged = iter(_judged(evidence, policy, cases) if cases else ())
    return [next(judged) if isinstance(each, Case) else each for each in found]


def _judged(evidence: Evidence, policy: Policy, cases: Sequence[Case]) -> list[Verdict]:
    found, needed = estimates_of(cases), budget.all_needed(policy.acting_weights(), policy.alpha_pause)
    since_start = _since_start(cases, found)
    return [_verdict(case, log_e, needed[case.rule.key] if case.rule.acts else float(-np.log(policy.alpha_watch)),
                     interval, start)
            for case, log_e, interval, start in zip(cases, harm_log_e(evidence, cases, found).tolist(),
                                                    intervals(cases, since_start), since_start, strict=True)]


def _since_start(cases: Sequence[Case], found: Estimate) -> list[Estimate | None]:
    """The clustered estimates; None where the exact kernel speaks alone, or nothing usable was summed."""
    return [each if case.kernels[None] is not Kernel.EXACT and each.information else None
            for case, each in zip(cases, found.of_scope(0), strict=True)]


def _unknown(case: Case, log_e: float, needed: float) -> Verdict:
    """First errors can prove harm; that sessions are no worse, nobody can say whose errors name none of them."""
    rule = case.rule
    return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", log_e=log_e, log_e_needed=needed,
                   kernel=case.kernels[None].value, reason=case.metric.why_not)


def _verdict(case: Case, log_e: float, needed: float, seen: Interval, start: Estimate | None) -> Verdict:
    rule, acts = case.rule, case.rule.acts and case.acts_at_all
    safe = np.isfinite(seen.upper) and seen.upper <= seen.tolerated
    status = Status.WORSE if log_e >= needed else Status.SAFE if safe else Status.WATCHING
    if case.metric.unnamed and status is not Status.WORSE:
        return _unknown(case, log_e, needed)
    speaks = start is not None and bool(start.ready)
    return Verdict(rule.key, rule.metric, status, seen.scale, bounded(seen.estimate), bounded(seen.lower),
                   bounded(seen.upper), log_e, needed, case.n_treatment, case.n_control, case.kernels[None].value, acts,
                   reason="" if acts or not rule.acts else "share_too_skewed",
                   score=float(start.score) if start is not None and speaks else 0.0,
                   information=float(start.information) if start is not None and speaks else 0.0)
