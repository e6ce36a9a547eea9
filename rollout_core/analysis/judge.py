"""One check: everything that is asked of one rollout version, judged from its evidence. Pure; the sweep's own function.

The split comes first. It is a verdict of its own: a mismatch voids every go (`Verdicts.ready`), never a proof of harm.
"""

from __future__ import annotations

import numpy as np

from rollout_core.analysis import sample_ratio
from rollout_core.analysis.criterion import judge_improvement, judge_manual, judge_target
from rollout_core.analysis.evidence import WHOLE, Evidence
from rollout_core.analysis.guardrail import judge_guardrails
from rollout_core.analysis.limit import judge_limit
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.verdict import Status, Verdict, Verdicts

EDITION = 2
"""Raised whenever the same evidence may give another log e: decisions say by which edition they were judged.

2: the last one or two days alone have a tenth of the weight, where they were counted; records of edition 1 did not
count them, and are judged as they were."""


def judge(evidence: Evidence, policy: Policy) -> Verdicts:
    """All verdicts about one rollout version. The same evidence and policy always give the same verdicts."""
    guardrails = judge_guardrails(evidence, policy)
    limits = [judge_limit(evidence, policy, rule) for rule in policy.limits]
    criteria = [judge_target(evidence, policy, rule) for rule in policy.targets]
    criteria += [judge_improvement(evidence, policy, rule) for rule in policy.improvements]
    criteria += [judge_manual(rule) for rule in policy.manual]
    watched = [judge_limit(evidence, policy, rule) for rule in policy.watched]
    return Verdicts(judge_sample_ratio(evidence, policy), (*guardrails, *limits), tuple(criteria), tuple(watched))


def judge_sample_ratio(evidence: Evidence, policy: Policy) -> Verdict:
    """MISMATCH: newly exposed subjects do not split as configured, hour by hour. The answer is hold, at alpha 1 %."""
    rows, needed = evidence.exposures, float(-np.log(policy.alpha_sample_ratio))
    treatment, control = sum(rows.new_treatment), sum(rows.new_control)
    if treatment + control == 0:
        return Verdict("sample_ratio", "exposures", Status.NO_DATA, log_e_needed=needed, reason="no_exposures")
    share = np.asarray(rows.inclusion) / WHOLE
    log_e = sample_ratio.log_e(rows.new_treatment, rows.new_control, share)
    expected = float(np.sum((np.asarray(rows.new_treatment) + np.asarray(rows.new_control)) * share))
    return Verdict("sample_ratio", "exposures", Status.MISMATCH if log_e >= needed else Status.WATCHING, "ratio",
                   treatment / expected if expected else None, None, None, log_e, needed, treatment, control, "exact",
                   acts=True)
