"""Filling: audiences in order, whole while they fit; with a register, without one, and with too few subjects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout_core.flags.audience import Audience
from rollout_core.flags.targeting import EVERYBODY
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.filling import Filled, Filling, limits_of, lower_to, order_of, raise_to
from rollout_core.rollouts.plan import Plan
from tests.fakes.registers import AUDIENCES, PHASES, plan_of

PLAN = plan_of()
NOTHING = Filled(dict.fromkeys((audience.key for audience in AUDIENCES), 0), ())


def census(**groups: int) -> Census:
    """A register with so many subjects per segment (`internal_beta` is in both), buckets evenly spread in each."""
    tallies = []
    for name, size in groups.items():
        members = frozenset(name.split("_")) - {"rest"} | {"everyone"}
        tallies += [(members, False, number * 100_000 // size, 1) for number in range(size)]
    return Census.of_tallies(tallies)


def filled(filling: Filling) -> Filled:
    return Filled(filling.thresholds, filling.raises)


def rise(phase: int, counted: Census | None, before: Filled = NOTHING, percentage: int | None = None,
         plan: Plan = PLAN) -> Filling:
    """Into the phase of this number (from 1)."""
    chosen = plan.phases[phase - 1]
    return raise_to(plan, chosen, chosen.percentage if percentage is None else percentage, before, counted)


def test_a_phase_fills_what_it_names_first_then_the_plans_order_up_to_its_last_audience():
    assert order_of(PLAN, PHASES[0]) == ("internal",)
    assert order_of(PLAN, PHASES[1]) == ("internal", "beta")
    assert order_of(PLAN, PHASES[2]) == ("fresh", "internal", "beta", "idle", "everyone")
    assert order_of(PLAN, PHASES[3]) == ("idle", "internal", "beta", "fresh", "everyone")


def test_audiences_are_taken_whole_while_they_fit_then_a_threshold_then_nothing():
    # 1,000 eligible; 5 % are 50: the 20 internal ones whole, then 30 of the 100 beta testers, whose buckets are
    # 0, 1000, 2000, ...: the 30th has bucket 29,000, so the threshold is 29,001.
    filling = rise(2, census(internal=20, beta=100, rest=880))
    assert filling.thresholds == {"internal": 100_000, "beta": 29_001, "fresh": 0, "idle": 0, "everyone": 0}
    assert (filling.wanted, filling.included, filling.missing, filling.real_share) == (50, 50, 0, 5_000)


def test_a_subject_of_two_audiences_is_counted_once():
    # 20 in both: internal whole takes 20; beta whole would be 20 + 30 = 50 = 5 % of 1,000, which fits.
    filling = rise(2, census(internal_beta=20, beta=30, rest=950))
    assert filling.thresholds["beta"] == 100_000
    assert filling.included == 50


def test_a_phase_whose_audiences_are_too_small_says_how_many_are_missing():
    filling = rise(1, census(internal=3, rest=997))
    assert (filling.wanted, filling.included, filling.missing) == (10, 3, 7)
    assert filling.real_share == 300


def test_what_is_served_never_falls_when_a_later_phase_fills_others_first():
    counted = census(internal=20, beta=100, fresh=300, idle=200, rest=380)
    second = rise(2, counted)
    third = rise(3, counted, filled(second))
    # 20 % are 200: 50 are in already (20 + 30 beta), so 150 of the 300 new users: the 150th has bucket
    # 149 * 100000 / 300.
    assert third.thresholds == {**second.thresholds, "fresh": 149 * 100_000 // 300 + 1}
    fourth = rise(4, counted, filled(third))
    # 50 % are 500: 200 are in; 200 idle users, the other 70 beta testers, then 30 of the 150 new users still out:
    # 180 of 300, the 180th has bucket 179 * 100000 / 300.
    assert fourth.thresholds == {"internal": 100_000, "beta": 100_000, "fresh": 179 * 100_000 // 300 + 1,
                                 "idle": 100_000, "everyone": 0}
    assert fourth.included == 500


def test_a_share_above_zero_serves_at_least_one():
    assert rise(1, census(internal=3, rest=17)).included == 1


def test_lowering_takes_the_last_ones_out_first():
    counted = census(internal=20, beta=100, fresh=300, idle=200, rest=380)
    third = rise(3, counted, filled(rise(2, counted)))
    lowered = lower_to(PLAN, 10_000, filled(third), counted)
    # 100 remain: the 50 of before, and the first 50 new users.
    assert lowered.thresholds == {**third.thresholds, "fresh": 49 * 100_000 // 300 + 1}
    assert lower_to(PLAN, 5_000, filled(third), counted).thresholds["fresh"] == 0
    assert lower_to(PLAN, 1_000, filled(third), counted).thresholds["internal"] == 9 * 5_000 + 1


def test_halving_the_share_of_a_single_subject_takes_it_out():
    counted = census(rest=4)
    one = rise(5, counted, percentage=25_000)
    assert one.included == 1
    assert lower_to(PLAN, 12_500, filled(one), counted).included == 0


def test_going_up_again_brings_back_the_same_people_even_when_the_phase_would_fill_others_first():
    counted = census(internal=20, beta=100, fresh=300, idle=200, rest=380)
    second = rise(2, counted)
    third = rise(3, counted, filled(second))
    down = lower_to(PLAN, 7_000, filled(third), counted)
    again = rise(4, counted, filled(down), percentage=20_000)
    assert again.thresholds == third.thresholds


def test_people_whom_a_phase_may_not_reach_do_not_come_back_with_it():
    counted = census(internal=20, beta=100, fresh=300, idle=200, rest=380)
    fourth = rise(4, counted)
    down = lower_to(PLAN, 0, filled(fourth), counted)
    second = rise(2, counted, filled(down))
    assert second.thresholds["idle"] == 0
    assert second.thresholds["internal"] == 100_000


def test_an_audience_keeps_its_control_below_100_percent():
    keeping = (replace(AUDIENCES[0], keep_control=5_000), AUDIENCES[-1])
    plan = plan_of(audiences=keeping, phases=(replace(PHASES[0], percentage=50_000, through="everyone"), PHASES[4]))
    counted = census(internal=100, rest=100)
    assert rise(1, counted, plan=plan).thresholds["internal"] == 95_000
    assert rise(1, None, plan=plan).thresholds["internal"] == 95_000
    assert limits_of(plan, 100_000) == {"internal": 100_000, "everyone": 100_000}


def test_without_a_register_named_audiences_are_taken_whole_and_the_rest_by_bucket():
    assert rise(1, None).thresholds == {**NOTHING.thresholds, "internal": 100_000}
    third = rise(3, None, filled(rise(2, None)))
    assert third.thresholds == {"internal": 100_000, "beta": 100_000, "fresh": 100_000, "idle": 100_000,
                                "everyone": 20_000}
    assert (third.eligible, third.real_share, third.missing) == (None, None, 0)


def test_a_register_in_which_nobody_is_eligible_is_no_register():
    assert rise(3, Census({})).thresholds == rise(3, None).thresholds
    assert lower_to(PLAN, 10_000, filled(rise(3, None)), Census({})).thresholds["everyone"] == 10_000


def test_without_a_register_lowering_goes_back_in_proportion_and_up_again_to_the_same():
    second = rise(2, None, filled(rise(1, None)))
    third = rise(3, None, filled(second))
    # From 5 % to 20 % everybody's threshold rose from 0 to 20,000: halfway back, at 12.5 %, it is 10,000.
    down = lower_to(PLAN, 12_500, filled(third), None)
    assert down.thresholds["everyone"] == 10_000
    assert down.thresholds["internal"] == 100_000
    assert rise(3, None, filled(down)).thresholds == third.thresholds
    assert lower_to(PLAN, 5_000, filled(third), None).thresholds == second.thresholds
    assert lower_to(PLAN, 500, filled(third), None).thresholds["internal"] == 50_000


@pytest.mark.parametrize("counted", [None, census(internal=5, rest=95)])
def test_zero_percent_serves_nobody(counted: Census | None):
    assert not any(lower_to(PLAN, 0, filled(rise(5, counted)), counted).thresholds.values())


@pytest.mark.parametrize("counted", [None, census(internal=5, beta=7, rest=95)])
def test_hundred_percent_serves_everybody(counted: Census | None):
    assert rise(5, counted).thresholds["everyone"] == 100_000


def test_subjects_that_share_a_bucket_come_in_together_or_not_at_all():
    together = Census.of_tallies([(frozenset({"everyone"}), False, 10, 2), (frozenset({"everyone"}), False, 20, 1)])
    plan = plan_of(audiences=(Audience("everyone", "Everyone", EVERYBODY),), phases=(PHASES[4],))
    filling = raise_to(plan, PHASES[4], 33_333, Filled({"everyone": 0}, ()), together)
    assert (filling.thresholds["everyone"], filling.included) == (0, 0)
    assert raise_to(plan, PHASES[4], 66_667, Filled({"everyone": 0}, ()), together).thresholds["everyone"] == 11
