"""The last one or two days on their own: what they weigh, what they find, and that older records stay as they were."""

from dataclasses import replace

import numpy as np
import pytest

from rollout_core.analysis import budget
from rollout_core.analysis.evidence import ArmTotals, ClusterSums, Evidence, MetricEvidence, Stratum
from rollout_core.analysis.judge import judge
from rollout_core.analysis.policy import DifferenceGuardrail, Direction, LimitGuardrail, Policy
from rollout_core.analysis.verdict import Status

RULE = DifferenceGuardrail("errors", "error_rate", 0.01, baseline=0.02)
POLICY = Policy(guardrails=(RULE,))


def sums(per_bucket: int, treatment_bad: int, control_bad: int) -> ClusterSums:
    """64 buckets with `per_bucket` requests an arm; bad ones in every second, treatment's where control has none."""
    bad = [tuple(count if bucket % 2 == arm else 0 for bucket in range(64))
           for arm, count in enumerate((treatment_bad, control_bad))]
    return ClusterSums(((per_bucket,) * 64,), (bad[0],), ((per_bucket,) * 64,), (bad[1],))


def evidence(recent: ClusterSums | None, day: int) -> Evidence:
    """Three good weeks, of which only the last two days are bad where `recent` says so."""
    whole = sums(1_000, 42, 40)
    metric = MetricEvidence("error_rate", (Stratum(1, 50_000),), sums=whole, recent=recent)
    return Evidence(1, metrics=(metric,), recent_day=day if recent else 0, recent_hour=(day - 1) * 24)


def test_the_weights_of_all_days_add_up_to_one() -> None:
    days = np.arange(1, 4_001)
    assert sum(budget.day_weight(int(day)) for day in days) + budget.weight_of_later_days(4_000) == pytest.approx(1.0)
    # day 20: ½·(1/28)·(27/28)^19 + ½/420 = .00895 + .00119
    assert budget.day_weight(20) == pytest.approx(0.01014, abs=1e-5)


def test_a_bad_release_after_good_weeks_is_found_by_its_own_days() -> None:
    quiet = judge(evidence(None, 20), POLICY).guardrails[0]
    assert quiet.status is Status.WATCHING, "three weeks dilute it"
    # 20 % against 2 % of 3,200 an arm, z = 6.5 by clusters: log e about 14, less 6.9 for a tenth of day 20's weight
    found = judge(evidence(sums(50, 20, 2), 20), POLICY).guardrails[0]
    assert found.status is Status.WORSE
    assert found.log_e > quiet.log_e


def test_quiet_last_days_cost_no_more_than_a_tenth_and_prove_nothing() -> None:
    with_them = judge(evidence(sums(50, 2, 2), 20), POLICY).guardrails[0]
    without = judge(evidence(None, 20), POLICY).guardrails[0]
    assert with_them.log_e >= without.log_e + np.log(1.0 - budget.RECENT) - 1e-12
    assert with_them.status is Status.WATCHING


def test_a_record_that_did_not_count_them_is_judged_as_it_was() -> None:
    """Edition 1: the mean over the start (70 %) and the epochs alone."""
    bare = evidence(None, 20)
    assert bare.recent_day == 0
    expected = budget.log_e_of_scopes(_start_alone(bare), {}, 1)
    assert judge(bare, POLICY).guardrails[0].log_e == pytest.approx(float(expected), abs=1e-12)


def _start_alone(bare: Evidence) -> float:
    """log e since the start, read back out of .7·e + .3."""
    e = np.exp(judge(bare, POLICY).guardrails[0].log_e)
    return float(np.log((e - budget.weight_not_begun(1)) / budget.SINCE_START))


def test_a_limit_looks_at_the_last_days_too() -> None:
    rule = LimitGuardrail("limit", "error_rate", 0.05, 0.0125, Direction.HIGHER)
    good = ArmTotals(1, d_buckets=(2_000,) * 64, x_buckets=tuple(20 + bucket % 3 for bucket in range(64)))
    bad = ArmTotals(1, d_buckets=(50,) * 64, x_buckets=tuple(7 + bucket % 3 for bucket in range(64)))
    metric = MetricEvidence("error_rate", (Stratum(1, 50_000),), treatment=(good,), recent_treatment=(bad,))
    seen = Evidence(1, metrics=(metric,), recent_day=20, recent_hour=456)
    assert judge(seen, Policy(limits=(rule,))).guardrails[0].status is Status.WORSE
    blind = replace(seen, recent_day=0)
    assert judge(blind, Policy(limits=(rule,))).guardrails[0].status is not Status.WORSE
