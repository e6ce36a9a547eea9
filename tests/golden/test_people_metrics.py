"""Adoption, stickiness, retention, satisfaction: people counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_core.insight.adoption import AdoptionRequest
from rollout_core.insight.adoption import answer as adoption_answer
from rollout_core.insight.business import BusinessRequest
from rollout_core.insight.business import answer as business_answer
from rollout_core.insight.measure import by_key
from rollout_core.insight.measuring import Measuring
from rollout_core.metrics.measured import Quality
from tests.golden.made_world import World

DAY = 24.0


def test_adoption_counts_a_use_within_seven_days_of_those_exposed_seven_days_ago(world: World) -> None:
    # The clock stands at day 14. a..d were exposed on day 0, e on day 8 (6 days ago: too young to be counted).
    for who, day in (("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 8)):
        world.expose(who, "treatment", day * DAY + 1)
    world.add("feature_use", 2 * DAY, "a", flag="f1")              # within 7 days: adopted
    world.add("feature_use", 6.9 * DAY, "b", flag="f2")            # within 7 days, another flag: adopted
    world.add("feature_use", 7.1 * DAY, "c", flag="f1")            # 7.06 days after exposure: too late
    world.add("feature_use", 8.5 * DAY, "e", flag="f1")            # would count, but e is too young
    world.close()
    measuring = world.measuring()
    adoption = by_key(measuring, "adoption_rate")
    assert (adoption.value, adoption.n, adoption.noun) == (0.5, 4, "people")          # a and b of a..d
    floor = by_key(measuring, "adoption_floor")
    assert (floor.value, floor.n) == (0.4, 5)         # at 48 h: a (2 days less 1 h) and e of all five
    assert by_key(measuring, "social_adoption").value == 0.25                          # f2 is social: b of four
    assert by_key(measuring, "adoption_rate", "control").quality is Quality.NO_DATA


def test_a_feature_switched_on_later_is_not_unused_by_those_who_came_before(world: World) -> None:
    for who, day in (("a", 0), ("b", 0), ("c", 4)):
        world.expose(who, "treatment", day * DAY + 1)
    world.add("feature_use", 5 * DAY, "c", flag="f2")
    world.close()
    found = world.measuring()
    assert by_key(found, "social_adoption").value == pytest.approx(1 / 3), "f2 is there from the start: c of three"
    (first, *rest) = found.scene.epochs
    before = replace(first, served=frozenset({"f1"}))
    later = replace(first, number=99, began_at=world.at(3 * DAY))
    for epochs, value, n in (((before, *rest, later), 1.0, 1), ((before,), None, 0)):
        seen = by_key(Measuring(found.events, replace(found.scene, epochs=epochs), found.window), "social_adoption")
        assert (seen.value, seen.n) == (value, n), "c alone came since; while nobody can use it there is no share"


def test_a_use_without_exposure_and_a_use_long_before_it_do_not_count(world: World) -> None:
    world.expose("a", "treatment", 2 * DAY)
    world.add("feature_use", 1 * DAY, "a", flag="f1")
    world.add("feature_use", 1 * DAY, "stranger", flag="f1")
    world.close()
    adoption = by_key(world.measuring(), "adoption_rate")
    assert (adoption.value, adoption.n) == (0.0, 1)


def test_naive_adoption_falls_when_many_are_enrolled_and_adoption_at_age_does_not(world: World) -> None:
    for number in range(10):
        world.expose(f"old{number}", "treatment", 1)
        if number < 2:
            world.add("feature_use", 5, f"old{number}", flag="f1")
    for number in range(10):
        world.expose(f"new{number}", "treatment", 13.5 * DAY)
    world.close()
    answer = adoption_answer(world.room, AdoptionRequest())
    assert answer.adoption.value == 0.2        # 2 of the 10 that are old enough
    assert answer.naive.value == 0.1           # 2 of the 20 that have it now


def test_stickiness_is_use_on_a_later_day_within_a_week_of_the_first(world: World) -> None:
    world.clock.at = world.at(20 * DAY)
    for who in "abcd":
        world.expose(who, "treatment", 1)
        world.add("feature_use", 1 * DAY, who, flag="f1")
    world.add("feature_use", 1 * DAY + 5, "a", flag="f1")          # the same day: not again
    world.add("feature_use", 3 * DAY, "b", flag="f1")              # two days later: sticky
    world.add("feature_use", 8 * DAY, "c", flag="f2")              # day 8 - day 1 = 7 days later: sticky
    world.add("feature_use", 10 * DAY, "d", flag="f1")             # 9 days later: not
    world.close()
    found = by_key(world.measuring(0, 20 * DAY), "stickiness")
    assert (found.value, found.n) == (0.5, 4)                      # b and c of four adopters


def test_cross_feature_use_is_adopters_of_two_flags_over_adopters(world: World) -> None:
    for who, flags in (("a", ("f1", "f2")), ("b", ("f1",)), ("c", ("f2",)), ("d", ())):
        world.expose(who, "treatment", 1)
        for flag in flags:
            world.add("feature_use", 30, who, flag=flag)
    world.close()
    found = by_key(world.measuring(), "cross_feature_use")
    assert found.value == pytest.approx(1 / 3)                     # a of a, b, c
    assert found.n == 3
    answer = adoption_answer(world.room, AdoptionRequest())
    assert (answer.matrix_flags, answer.matrix) == (("f1", "f2"), ((2, 1), (1, 2)))


def test_another_rollouts_features_are_no_use_of_this_one(world: World) -> None:
    world.clock.at = world.at(30 * DAY)
    for who in "abcd":
        world.expose(who, "treatment", 1)
    world.add("feature_use", 30, "a", flag="f1", value=2 * 60_000.0)
    world.add("feature_use", 31, "a", flag="other", value=8 * 60_000.0)       # the same day: 2 minutes, not 10
    for who in "bc":
        world.add("feature_use", 30, who, flag="other", value=60_000.0)
    world.add("feature_use", 27 * DAY, "d", flag="f2")                        # the last 7 full days: days 23 to 29
    world.add("feature_use", 27 * DAY, "b", flag="other")
    world.close()
    answer = adoption_answer(world.room, AdoptionRequest())
    assert answer.adoption.value == 0.25                                      # a of four within 7 days
    (cohort,) = answer.cohorts
    assert (cohort.exposed, cohort.shares[0]) == (4, 0.25), "the week says the same as the tile"
    assert [(each.adopters, each.uses) for each in answer.days] == [(1, 1), (1, 1)]          # a, then d
    assert (answer.engagement.value, answer.engagement.n) == (1.0, 2)         # 2 minutes and none, over two days
    assert (answer.dau_wau.value, answer.dau_wau.n) == (pytest.approx(1 / 7), 1)              # d on one day of seven


def test_a_chosen_feature_narrows_what_is_shown_of_it(world: World) -> None:
    world.clock.at = world.at(30 * DAY)
    for who in "ab":
        for flag in ("f1", "f2"):
            world.expose(who, "treatment", 1, flag=flag)
    world.add("feature_use", 30, "a", flag="f1", value=2 * 60_000.0)
    world.add("feature_use", 30, "b", flag="f2", value=4 * 60_000.0)
    world.add("feature_use", 31, "b", flag="f1", value=6 * 60_000.0)
    world.add("feature_use", 54, "b", flag="f1")                              # a day later
    world.close()
    answer = adoption_answer(world.room, AdoptionRequest(flag="f2"))
    assert (answer.adoption.value, answer.cohorts[0].shares[0], answer.naive.value) == (0.5, 0.5, 0.5)    # b of a and b
    assert (answer.stickiness.value, answer.engagement.value) == (0.0, 4.0)   # b came back, but not to f2
    assert [(each.adopters, each.uses) for each in answer.days] == [(1, 1)]
    assert answer.matrix_flags == ("f1", "f2"), "what goes together is of all features"


def test_engagement_is_minutes_per_adopter_and_day(world: World) -> None:
    for who in "ab":
        world.expose(who, "treatment", 1)
    for hours, who, minutes in ((5, "a", 2), (6, "a", 4), (30, "a", 3), (5, "b", 6)):
        world.add("feature_use", hours, who, flag="f1", value=minutes * 60_000.0)
    world.close()
    # a: day 0 6 min, day 1 3 min; b: day 0 6 min. 15 minutes over 3 adopter-days = 5.
    found = by_key(world.measuring(), "engagement")
    assert (found.value, found.n) == (5.0, 3)


def test_weekly_growth_compares_the_last_two_full_weeks(world: World) -> None:
    world.expose("a", "treatment", 1)
    for number in range(8):
        world.add("feature_use", 3 * DAY + number, "a", flag="f1")          # week 1 of the window: 8 uses
    for number in range(10):
        world.add("feature_use", 10 * DAY + number, "a", flag="f1")         # week 2: 10 uses
    world.add("feature_use", 11 * DAY, "a", flag="f2")                      # social: 1 after 0 the week before
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "usage_growth_weekly").value == pytest.approx(11 / 8 - 1)     # +37.5 %
    assert by_key(measuring, "community_activity").value is None                          # nothing to grow from


def test_retention_leaves_out_those_whose_day_is_not_over(world: World) -> None:
    # At day 14, 00:00: day 7 of those exposed on day 0 and day 6 is over (6 + 7 = 13), of day 7 is not (7 + 7 = 14).
    for who, day in (("a", 0), ("b", 0), ("c", 6), ("d", 7)):
        world.expose(who, "treatment", day * DAY + 1)
    world.add("session", 7 * DAY + 3, "a", session="s1", value=1000.0)      # a on day 7
    world.add("session", 8 * DAY + 3, "b", session="s2", value=1000.0)      # b on day 8, not on day 7
    world.add("session", 13 * DAY + 3, "c", session="s3", value=1000.0)     # c on day 7
    world.close()
    measuring = world.measuring()
    seven = by_key(measuring, "retention_day_7")
    assert seven.value == pytest.approx(2 / 3)                              # a and c of a, b, c
    assert seven.n == 3
    assert by_key(measuring, "retention_day_30").quality is Quality.NO_DATA


def test_returned_within_is_any_day_up_to_it(world: World) -> None:
    world.clock.at = world.at(40 * DAY)
    for who in "abc":
        world.expose(who, "treatment", 1)
    world.add("session", 5, "a", session="s1", value=1000.0)                # the same day is no return
    world.add("session", 10 * DAY, "b", session="s2", value=1000.0)
    world.add("session", 31 * DAY, "c", session="s3", value=1000.0)         # day 31: too late
    world.close()
    found = by_key(world.measuring(0, 40 * DAY), "returned_within_30")
    assert found.value == pytest.approx(1 / 3)
    assert found.n == 3


def test_retention_improvement_is_relative_to_the_control(world: World) -> None:
    for arm, active in (("treatment", 6), ("control", 5)):
        for number in range(10):
            world.expose(f"{arm}{number}", arm, 1)
            if number < active:
                world.add("session", 7 * DAY + 2, f"{arm}{number}", session=f"{arm}{number}", value=1000.0)
    world.close()
    assert by_key(world.measuring(), "retention_improvement", None).value == pytest.approx(0.6 / 0.5 - 1)   # +20 %


def test_subjects_taken_whole_are_not_compared(world: World) -> None:
    for number in range(10):
        world.expose(f"whole{number}", "treatment", 1, inclusion=100_000)   # everybody of an audience: no control
        world.add("session", 7 * DAY + 2, f"whole{number}", session=f"w{number}", value=1000.0)
        world.expose(f"t{number}", "treatment", 1)
        world.expose(f"c{number}", "control", 1)
        for arm, most in (("t", 4), ("c", 4)):
            if number < most:
                world.add("session", 7 * DAY + 2, f"{arm}{number}", session=f"{arm}{number}", value=1000.0)
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "retention_day_7").value == pytest.approx(14 / 20)     # shown: everybody treated
    assert by_key(measuring, "retention_improvement", None).value == 0.0            # compared: 40 % against 40 %
    drawn = business_answer(world.room, BusinessRequest("r"))
    seven = next(point for point in drawn.retention if point.day == 7)
    assert (seven.treatment, seven.control, seven.treatment_n, seven.control_n) == (0.4, 0.4, 10, 10)   # as compared
    assert drawn.alike


def test_satisfaction_is_brought_to_one_to_five(world: World) -> None:
    world.expose("a", "treatment", 1)
    for score in (5.0, 4.0, 4.0):
        world.add("feedback", 3, "a", value=score)                                  # 1..5
    world.add("feedback", 3, "a", value=0.0, scale=(0.0, 4.0))                      # the lowest of 0..4 is 1
    world.close()
    found = by_key(world.measuring(), "satisfaction")
    assert found.value == pytest.approx((5 + 4 + 4 + 1) / 4)                        # 3.5
    assert (found.n, found.unit) == (4, "rating")
    # sum of squares about 3.5: 2.25 + 0.25 + 0.25 + 6.25 = 9, s² = 9/3 = 3, t(3) = 3.1824: 3.5 ± 3.1824·sqrt(3/4)
    assert found.low == pytest.approx(3.5 - 3.1824 * 0.8660, abs=1e-3)


def test_net_promoter_score(world: World) -> None:
    world.expose("a", "treatment", 1)
    for score in (10, 9, 9, 8, 7, 6, 0, 10, 10, 5):          # 5 promoters, 3 detractors of 10: 50 - 30 = 20
        world.add("feedback", 3, "a", name="nps", value=float(score), scale=(0.0, 10.0))
    world.close()
    found = by_key(world.measuring(), "nps")
    assert (found.value, found.n) == (pytest.approx(20.0), 10)
    # variance of ±1: 0.8 - 0.2² = 0.76; se = sqrt(0.76 / 10) = 0.27568; half 1.96 · 27.568 = 54.03
    assert found.high == pytest.approx(20 + 54.03, abs=0.01)


def test_satisfaction_and_promoters_are_compared_with_the_concurrent_control(world: World) -> None:
    for arm, scores in (("treatment", (5.0, 4.0)), ("control", (4.0, 2.0))):
        world.expose(arm, arm, 1)
        for score in scores:
            world.add("feedback", 3, arm, value=score)
        for score in (10, 9, 7, 3) if arm == "treatment" else (10, 3, 3, 7):
            world.add("feedback", 3, arm, name="nps", value=float(score), scale=(0.0, 10.0))
    world.close()
    rows = {row.key: row for row in business_answer(world.room, BusinessRequest()).rows}
    liked, promoted = rows["satisfaction"].change, rows["nps"].change
    assert (liked.value, liked.unit, liked.causal) == (pytest.approx(4.5 / 3 - 1), "relative", True)   # +50 %
    # treatment (2 - 1)/4 = +25, control (1 - 2)/4 = -25: +50 points, not a quotient of the two
    assert (promoted.value, promoted.unit, promoted.causal) == (pytest.approx(50.0), "points", True)
    # variance of ±1 in either arm: 3/4 - 1/16 = 0.6875, /4 = 0.171875; half 1.95996·100·sqrt(2·0.171875) = 114.9
    assert promoted.high == pytest.approx(50 + 114.91, abs=0.01)


def test_session_length_and_its_change(world: World) -> None:
    for arm, minutes in (("treatment", (6, 9)), ("control", (5, 5))):
        world.expose(arm, arm, 1)
        for number, length in enumerate(minutes):
            world.add("session", 3 + number, arm, session=f"{arm}{number}", value=length * 60_000.0)
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "session_duration").value == 7.5
    assert by_key(measuring, "session_duration_change", None).value == pytest.approx(0.5)      # 7.5 / 5 - 1
    # active minutes per subject-day: 15 and 10 minutes in one day each
    assert by_key(measuring, "active_minutes").value == 15.0
    assert by_key(measuring, "engagement_change", None).value == pytest.approx(0.5)


def test_tasks_conversions_and_tickets(world: World) -> None:
    for arm in ("treatment", "control"):
        world.expose(arm, arm, 1)
        for day in range(4):                                                                  # 4 subject-days each
            world.add("session", day * DAY + 3, arm, session=f"{arm}{day}", value=1000.0)
    for state, many in (("started", 4), ("completed", 3)):
        for _ in range(many):
            world.add("task", 4, "treatment", name="workout", state=state)
    for arm, conversions, tickets in (("treatment", 3, 1), ("control", 2, 2)):
        for _ in range(conversions):
            world.add("conversion", 5, arm, name="premium")
        for _ in range(tickets):
            world.add("support_ticket", 6, arm, state="opened", name="t")
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "task_completion").value == 0.75                                # 3 of 4
    assert by_key(measuring, "conversion").value == 0.75                                     # 3 in 4 subject-days
    assert by_key(measuring, "conversion_change", None).value == pytest.approx(0.5)          # 3/4 over 2/4
    assert by_key(measuring, "support_tickets").value == 0.25
    assert by_key(measuring, "support_ticket_change", None).value == pytest.approx(-0.5)     # 1/4 over 2/4


def test_without_a_control_a_change_is_against_the_days_before_and_not_causal(world: World) -> None:
    for day in range(1, 6):                                                                  # 5 sessions before, 10 min
        world.add("session", -day * DAY, "a", session=f"before{day}", value=600_000.0 + day)
    world.expose("a", "treatment", 1, inclusion=100_000)
    for day in range(5):
        world.add("session", day * DAY + 3, "a", session=f"after{day}", value=900_000.0 + day)
    world.close()
    found = by_key(world.measuring(), "session_duration_change", None)
    assert found.value == pytest.approx(0.5, abs=1e-4)
    assert not found.causal


def test_days_before_the_start_stand_for_no_control_that_is_only_silent(world: World) -> None:
    for day in range(1, 41):
        world.add("session", -day * 6, "a", session=f"before{day}", value=600_000.0)
    world.expose("a", "treatment", 1)
    for number in (1, 2):
        world.add("session", 14 * DAY - 0.1 * number, "a", session=f"after{number}", value=900_000.0 + number)
    world.close()
    alone = by_key(world.measuring(), "session_duration_change", None)
    assert (alone.value, alone.causal, alone.quality) == (pytest.approx(0.5, abs=1e-4), False, Quality.FEW), (
        "two sessions are few, however many came before the start")
    world.expose("b", "control", 1)
    world.close()
    silent = by_key(world.measuring(), "session_duration_change", None)
    assert (silent.value, silent.note) == (None, "nothing came from control in this window")


def test_telemetry_ratio_compares_what_each_exposed_subject_sends(world: World) -> None:
    for number in range(4):
        world.expose(f"t{number}", "treatment", 1)
        world.expose(f"c{number}", "control", 1)
        world.add("session", 3, f"c{number}", session=f"c{number}", value=1000.0)
        world.add("page_view", 3, f"c{number}", page="/p")
    for number in range(3):
        world.add("session", 3, f"t{number}", session=f"t{number}", value=1000.0)
        world.add("page_view", 3, f"t{number}", page="/p")
    world.close()
    # treatment 6 of 4 subjects = 1.5, control 8 of 4 = 2: 1.5 / 2 - 1 = -25 %
    assert by_key(world.measuring(), "telemetry_ratio", None).value == pytest.approx(-0.25)


def test_a_white_page_is_minus_100_percent_and_not_no_data(world: World) -> None:
    for number in range(4):
        world.expose(f"t{number}", "treatment", 1)
        world.expose(f"c{number}", "control", 1)
        world.add("page_view", 3, f"c{number}", page="/p")
    world.close()
    found = by_key(world.measuring(), "telemetry_ratio", None)
    assert found.value == -1.0
    assert found.quality is not Quality.NO_DATA


def test_ages_are_the_plans(world: World) -> None:
    rules = world.measuring().scene.plan.measurement
    assert (rules.adoption_age, rules.adoption_floor_age) == (timedelta(days=7), timedelta(hours=48))
