"""Verdicts: what is proven, what is not, what is unknown; and that a decision can be replayed exactly."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.analysis.evidence import ClusterSums, Evidence, Exposures, MetricEvidence, PairedCounts, Stratum
from rollout_core.analysis.judge import judge
from rollout_core.analysis.policy import (
    DifferenceGuardrail,
    Direction,
    ImprovementCriterion,
    LimitGuardrail,
    ManualCriterion,
    Policy,
    TargetCriterion,
)
from rollout_core.analysis.records import from_record, to_record
from rollout_core.analysis.verdict import Need, Status, Verdict, Verdicts, worst
from rollout_core.errors import InvalidDocument
from tests.unit.analysis.counted import check, firsts, paired, summed, totals

ERRORS = DifferenceGuardrail("errors_not_worse", "errors", mde=0.02, baseline=0.02)
GUARDED = Policy(guardrails=(ERRORS,))


def guardrail(metric, rule=ERRORS, **about):
    return judge(check(metric, **about), Policy(guardrails=(rule,))).guardrails[0]


@pytest.mark.parametrize("metric", [paired(0.08, 0.02), summed(0.08, 0.02), firsts(8, 2)])
def test_harm_is_proven_by_each_kernel(metric):
    found = guardrail(metric)
    assert found.status is Status.WORSE
    assert found.acts
    assert found.log_e >= np.log(20.0)
    assert found.lower is not None
    assert found.estimate is not None
    assert found.lower < found.estimate < found.upper


@pytest.mark.parametrize("metric", [paired(0.02, 0.02, hours=400), summed(0.02, 0.02, per_bucket=400),
                                    firsts(10, 10, (900, 900), hours=300)])
def test_enough_data_without_a_difference_is_safe(metric):
    found = guardrail(metric)
    assert found.status is Status.SAFE
    assert found.log_e < 0.0


@pytest.mark.parametrize("metric", [paired(0.04, 0.02, hours=3), firsts(1, 1, hours=2)])
def test_little_data_is_only_watched(metric):
    assert guardrail(metric).status is Status.WATCHING


def test_a_better_treatment_is_never_worse():
    assert guardrail(paired(0.0, 0.05, hours=400)).status is Status.SAFE


@pytest.mark.parametrize(("metric", "reason"), [
    (MetricEvidence("errors", (Stratum(1, 50_000),)), "not_counted"),
    (MetricEvidence("other"), "not_counted"),
    (paired(0.02, 0.02, stratum=Stratum(1, 100_000)), "no_control"),
    (paired(0.0, 0.0, per_hour=0), "no_events"),
])
def test_unknown_is_no_data_and_says_why(metric, reason):
    found = guardrail(metric)
    assert (found.status, found.reason) == (Status.NO_DATA, reason)


def test_data_in_control_and_none_in_treatment_is_named():
    rows = PairedCounts((0,), (0,), (0,), (0,), (1,), (100,))
    assert guardrail(MetricEvidence("errors", (Stratum(1, 50_000),), blocks=rows)).reason == "no_treatment"


def test_fewer_sessions_are_harm_where_lower_is_worse():
    fewer = DifferenceGuardrail("telemetry_ratio", "sessions", mde=0.1, worse=Direction.LOWER, baseline=0.8)
    assert guardrail(paired(0.5, 0.8, metric="sessions"), fewer).status is Status.WORSE
    assert guardrail(summed(0.5, 0.8, metric="sessions"), fewer).status is Status.WORSE
    assert guardrail(paired(0.9, 0.8, metric="sessions", hours=200), fewer).status is Status.SAFE
    silent = guardrail(summed(0.0, 0.8, metric="sessions"), fewer)
    assert silent.status is Status.WORSE        # a white page reports nothing


def test_a_degradation_that_is_tolerated_is_no_harm_and_one_beyond_is():
    thirty = replace(ERRORS, tolerated_ratio=1.3)
    assert guardrail(firsts(12, 10, (900, 900), hours=200), thirty).status is not Status.WORSE
    assert guardrail(summed(0.22, 0.20, per_bucket=2000), thirty).status is not Status.WORSE
    assert guardrail(firsts(40, 10, (900, 900), hours=50), thirty).status is Status.WORSE
    assert guardrail(summed(0.40, 0.20, per_bucket=2000), thirty).status is Status.WORSE


def test_the_clustered_kernel_alone_at_a_skewed_share_only_advises():
    found = guardrail(summed(0.08, 0.02, stratum=Stratum(1, 1_000)))
    assert (found.status, found.acts, found.reason) == (Status.WORSE, False, "share_too_skewed")
    assert judge(check(summed(0.08, 0.02, stratum=Stratum(1, 1_000))), GUARDED).harm == ()


def test_the_exact_kernel_acts_at_any_share():
    assert guardrail(paired(0.20, 0.02, stratum=Stratum(1, 1_000))).acts


def test_more_guardrails_ask_for_more_evidence():
    others = tuple(DifferenceGuardrail(f"g{i}", "x", 0.02) for i in range(7))
    alone = judge(check(paired(0.03, 0.02)), GUARDED).guardrails[0]
    shared = judge(check(paired(0.03, 0.02)), Policy(guardrails=(ERRORS, *others))).guardrails[0]
    assert alone.log_e == shared.log_e
    assert shared.log_e_needed == pytest.approx(alone.log_e_needed + np.log(8.0))


def test_watch_only_guardrails_take_nothing_from_the_budget_and_never_act():
    watch = replace(ERRORS, key="watched", acts=False)
    found = judge(check(paired(0.08, 0.02)), Policy(guardrails=(ERRORS, watch)))
    assert found.guardrails[0].log_e_needed == pytest.approx(np.log(20.0))
    assert found.guardrails[1].log_e_needed == pytest.approx(np.log(5.0))
    assert [verdict.key for verdict in found.harm] == ["errors_not_worse"]


def test_evidence_before_a_reduction_does_not_count_towards_the_next_rung():
    two = (Stratum(1, 50_000), Stratum(2, 25_000))
    hours = tuple(range(96))
    rows = PairedCounts((0,) * 48 + (1,) * 48, hours, (8,) * 48 + (2,) * 48, (100,) * 96, (2,) * 96, (100,) * 96)
    metric = MetricEvidence("errors", two, blocks=rows, baseline=0.02)
    assert guardrail(metric, epoch=2).status is Status.WORSE
    assert guardrail(metric, epoch=2, restart_epoch=2).status is not Status.WORSE
    recovered = guardrail(replace(metric, blocks=replace(rows, n_treatment=(1000,) * 96, x_treatment=(80,) * 48 + (
        20,) * 48, n_control=(1000,) * 96, x_control=(20,) * 96)), epoch=2, restart_epoch=2)
    assert recovered.status is Status.SAFE          # the bound too looks at what came after the reduction
    still = replace(rows, x_treatment=(8,) * 96)
    assert guardrail(replace(metric, blocks=still), epoch=2, restart_epoch=2).status is Status.WORSE


def test_a_harm_that_begins_in_a_later_epoch_is_found_by_that_epoch_alone():
    quiet, loud, strata = 600, 12, (Stratum(1, 50_000), Stratum(2, 50_000))
    rows = PairedCounts((0,) * quiet + (1,) * loud, tuple(range(quiet + loud)), (2,) * quiet + (8,) * loud,
                        (100,) * (quiet + loud), (2,) * (quiet + loud), (100,) * (quiet + loud))
    whole = MetricEvidence("errors", strata, blocks=rows, baseline=0.02)
    diluted = replace(whole, strata=(Stratum(1, 50_000), Stratum(1, 50_000)))
    assert guardrail(whole, epoch=2).status is Status.WORSE
    assert guardrail(diluted, epoch=1).status is not Status.WORSE


def test_subjects_counted_once_per_epoch_are_not_added_up_over_epochs():
    strata = (Stratum(1, 5_000), Stratum(2, 5_000))
    rows = PairedCounts((0,) * 24 + (1,) * 24, tuple(range(48)), (3,) * 48, (100,) * 48, (2,) * 48, (100,) * 48)
    own = MetricEvidence("errors", strata, blocks_in_epoch=rows, baseline=0.02)
    once = replace(own, blocks=rows, blocks_in_epoch=None)
    first = replace(rows, **{name: getattr(rows, name)[:24] for name in (
        "stratum", "hour", "x_treatment", "n_treatment", "x_control", "n_control")})
    alone = guardrail(replace(once, blocks=first), epoch=1).log_e
    assert guardrail(own, epoch=1).log_e == pytest.approx(alone)
    assert guardrail(once, epoch=2).log_e > guardrail(own, epoch=2).log_e
    assert guardrail(own, epoch=2).acts
    assert guardrail(own, epoch=2).upper is not None


@pytest.mark.parametrize("metric", [paired(0.03, 0.02), summed(0.03, 0.02)])
def test_who_has_nobody_to_be_compared_with_is_not_counted_among_the_compared(metric):
    # A second stratum in which nobody is left for control: 70 treated. It changes neither the evidence nor its size.
    rows, sums, strata = metric.blocks, metric.sums, (*metric.strata, Stratum(1, 30_000))
    if rows is not None:
        rows = PairedCounts((*rows.stratum, 1), (*rows.hour, 1), (*rows.x_treatment, 5), (*rows.n_treatment, 70),
                            (*rows.x_control, 0), (*rows.n_control, 0))
    if sums is not None:
        nobody, some = (0,) * 128, (70, *(0,) * 127)
        sums = ClusterSums((*sums.d_treatment, some), (*sums.x_treatment, nobody), (*sums.d_control, nobody),
                           (*sums.x_control, nobody))
    before, after = guardrail(metric), guardrail(replace(metric, strata=strata, blocks=rows, sums=sums))
    assert (after.n_treatment, after.n_control) == (before.n_treatment, before.n_control)
    assert after.log_e == pytest.approx(before.log_e)


def test_rows_may_come_in_any_order():
    metric = paired(0.05, 0.02, hours=24)
    rows = metric.blocks
    turned = replace(rows, hour=rows.hour[::-1])
    assert guardrail(replace(metric, blocks=turned)).log_e == pytest.approx(guardrail(metric).log_e)


def test_a_mismatch_of_the_split_voids_go_but_not_harm():
    lost = Exposures((45,) * 200, (55,) * 200, (50_000,) * 200)
    met = TargetCriterion("adopted", "adoption", 0.2, 0.02)
    safe = paired(0.02, 0.02, hours=400)
    policy = Policy(guardrails=(ERRORS,), targets=(met,))
    good = judge(check(safe, totals(x=900, n=3000)), policy)
    off = judge(check(safe, totals(x=900, n=3000), exposures=lost), policy)
    harmed = judge(check(paired(0.08, 0.02), exposures=lost), GUARDED)
    assert (good.ready, good.held) == (True, False)
    assert (off.ready, off.held, off.criteria_met) == (False, True, True)
    assert harmed.harm


@pytest.mark.parametrize(("x", "n", "expected"), [
    (900, 3000, Status.PROVEN),         # 30 % against 20 %
    (21, 100, Status.NOT_YET),          # above the target today, but not proven
    (300, 3000, Status.NOT_MET),        # 10 %: proven below
    (0, 0, Status.NO_DATA),
])
def test_a_target_is_met_only_with_proof(x, n, expected):
    rule = TargetCriterion("adopted", "adoption", 0.2, 0.02)
    assert judge(check(totals(x=x, n=n)), Policy(targets=(rule,))).criteria[0].status is expected


def test_an_upper_target_is_the_other_way_round():
    rule = TargetCriterion("few_errors", "adoption", 0.03, 0.01, better=Direction.LOWER)
    verdicts = [judge(check(totals(x=x, n=3000)), Policy(targets=(rule,))).criteria[0].status for x in (30, 90, 200)]
    assert verdicts == [Status.PROVEN, Status.NOT_YET, Status.NOT_MET]


def test_not_yet_says_how_many_more_and_until_when():
    metric = replace(totals(x=230, n=1000), treatment_per_hour=50.0)
    policy = Policy(targets=(TargetCriterion("adopted", "adoption", 0.2, 0.02),))
    found = judge(check(metric), policy).criteria[0]
    assert found.status is Status.NOT_YET
    assert 0 < found.need.subjects_50 <= found.need.subjects_90
    assert found.need.hours_50 == pytest.approx(found.need.subjects_50 / 50.0)
    # and with what settles it nine times in ten at the same rate it is met
    more = found.need.subjects_90
    later = totals(x=230 + round(0.23 * more), n=1000 + more)
    assert judge(check(later), policy).criteria[0].status is Status.PROVEN


def test_satisfaction_is_judged_by_its_answers():
    rule = TargetCriterion("satisfied", "satisfaction", 4.0, 0.2)
    metric = totals("satisfaction", scores=(1.0, 2.0, 3.0, 4.0, 5.0), rating_counts=(0, 0, 10, 60, 104))
    found = judge(check(metric), Policy(targets=(rule,))).criteria[0]
    assert (found.status, found.kernel, found.n_treatment) == (Status.PROVEN, "betting", 174)


def test_a_correlated_rate_is_judged_by_its_buckets():
    rule = TargetCriterion("few_errors", "errors", 0.05, 0.02, better=Direction.LOWER)
    metric = totals("errors", d_buckets=(500,) * 128, x_buckets=(10,) * 64 + (12,) * 64)
    found = judge(check(metric), Policy(targets=(rule,))).criteria[0]
    assert (found.status, found.kernel) == (Status.PROVEN, "clustered")


def test_an_improvement_is_judged_against_concurrent_control():
    rule = ImprovementCriterion("better_by_a_tenth", "conversion", 1.1, 0.05)
    proven = judge(check(summed(0.40, 0.20, metric="conversion")), Policy(improvements=(rule,))).criteria[0]
    missed = judge(check(summed(0.20, 0.20, metric="conversion", per_bucket=2000)), Policy(improvements=(rule,)))
    assert proven.status is Status.PROVEN
    assert missed.criteria[0].status is Status.NOT_MET


def test_an_improvement_seen_by_a_thousandth_of_the_subjects_is_advice():
    rule = ImprovementCriterion("better", "conversion", 1.1, 0.05)
    skewed = summed(0.40, 0.20, metric="conversion", stratum=Stratum(1, 100))
    verdicts = judge(check(skewed), Policy(improvements=(rule,)))
    assert (verdicts.criteria[0].status, verdicts.criteria_met) == (Status.PROVEN, False)


def test_a_signature_is_the_only_proof_of_a_manual_criterion():
    statuses = [judge(check(), Policy(manual=(ManualCriterion("reviewed", signed=signed),))).criteria[0].status
                for signed in (False, True)]
    assert statuses == [Status.MANUAL, Status.PROVEN]


@pytest.mark.parametrize(("x", "n", "expected"), [(90, 1000, Status.WORSE), (10, 1000, Status.SAFE),
                                                  (6, 100, Status.WATCHING), (0, 0, Status.NO_DATA)])
def test_an_absolute_limit_acts_on_evidence(x, n, expected):
    rule = LimitGuardrail("errors_above_5", "adoption", 0.05, 0.02)
    assert judge(check(totals(x=x, n=n)), Policy(limits=(rule,))).guardrails[0].status is expected


def test_a_limit_that_control_breaks_too_is_marked():
    rule = LimitGuardrail("errors_above_5", "adoption", 0.05, 0.02)
    metric = totals(x=90, n=1000)
    both = judge(check(replace(metric, control=metric.treatment)), Policy(limits=(rule,))).guardrails[0]
    assert both.control_breaks_too
    assert not judge(check(metric), Policy(limits=(rule,))).guardrails[0].control_breaks_too


def test_nothing_judged_is_no_data_and_the_worst_decides():
    def of(*statuses):
        return worst(Verdict("k", "m", status) for status in statuses)
    assert of() is Status.NO_DATA
    assert of(Status.SAFE, Status.NO_DATA, Status.WATCHING) is Status.NO_DATA
    assert of(Status.SAFE, Status.WORSE, Status.NO_DATA) is Status.WORSE
    assert of(Status.PROVEN, Status.NOT_YET) is Status.NOT_YET
    assert of(Status.PROVEN, Status.MANUAL) is Status.MANUAL


columns = st.integers(1, 12).flatmap(lambda n: st.tuples(
    st.just(n), *(st.lists(st.integers(0, 40), min_size=n, max_size=n) for _ in range(2))))


@given(drawn=columns, buckets=st.lists(st.integers(0, 60), min_size=12, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_stored_decision_replays_to_the_same_verdicts(drawn, buckets):
    n, x_t, x_c = drawn
    rows = PairedCounts((0,) * n, tuple(range(n)), tuple(x_t), (40,) * n, tuple(x_c), (40,) * n)
    sums = ClusterSums(((100,) * 12,), (tuple(buckets),), ((100,) * 12,), (tuple(reversed(buckets)),))
    metric = MetricEvidence("errors", (Stratum(1, 30_000),), blocks=rows, sums=sums, baseline=0.1)
    policy = Policy(guardrails=(ERRORS,), targets=(TargetCriterion("t", "adoption", 0.2, 0.02),))
    evidence = check(metric, totals(x=sum(x_t), n=40 * n))
    verdicts = judge(evidence, policy)
    stored = json.loads(json.dumps([to_record(evidence), to_record(policy), to_record(verdicts)]))
    read = from_record(Evidence, stored[0]), from_record(Policy, stored[1])
    assert read == (evidence, policy)
    again = judge(*read)
    assert again == verdicts == from_record(Verdicts, stored[2])
    assert abs(again.guardrails[0].log_e - verdicts.guardrails[0].log_e) < 1e-9


def test_fields_that_only_older_records_have_are_left_out():
    old = {"subjects_50": 1, "subjects_90": 2, "hours_50": None, "hours_90": None, "assumed_effect": 0.01,
           "at_observed": True}
    assert from_record(Need, old) == Need(1, 2, None, None)


def test_a_record_from_elsewhere_is_refused_with_its_fields():
    with pytest.raises(InvalidDocument, match="unknown fields: novelty"):
        from_record(Policy, {"novelty": 1})
    with pytest.raises(InvalidDocument, match="not complete"):
        from_record(DifferenceGuardrail, {"key": "a"})


def test_errors_that_name_no_session_prove_harm_by_people_and_never_that_there_is_none():
    harm, none = (replace(metric, unnamed=True) for metric in (firsts(8, 2), firsts(10, 10, (900, 900), hours=300)))
    assert guardrail(harm).status is Status.WORSE
    unknown = guardrail(none)
    assert (unknown.status, unknown.reason) == (Status.NO_DATA, "unnamed_errors")


def test_sessions_that_no_error_names_are_no_data_for_limits_and_criteria_too():
    lost = check(MetricEvidence("errors", (Stratum(1, 50_000),), unnamed=True))
    policy = Policy(guardrails=(ERRORS,), limits=(LimitGuardrail("limit", "errors", 0.05, 0.01),),
                    targets=(TargetCriterion("below", "errors", 0.03, 0.01, better=Direction.LOWER),),
                    improvements=(ImprovementCriterion("better", "errors", 0.9, 0.01, better=Direction.LOWER),))
    found = judge(lost, policy)
    assert {(each.status, each.reason) for each in (*found.guardrails, *found.criteria)} == {
        (Status.NO_DATA, "unnamed_errors")}
    again = from_record(Evidence, json.loads(json.dumps(to_record(lost))))
    assert judge(again, policy) == found
