"""Whom a change reaches, in words: of how many, and why a share is not reached."""

from __future__ import annotations

from dataclasses import replace

from pages.panels.foresight import listed, whom, whose
from tests.fakes.control_room import sample_preview
from tests.fakes.sample_answers import PLANS

PREVIEW = sample_preview(needs_reason=False)


def test_who_has_it_then_is_said_of_how_many_eligible_people() -> None:
    """105,120 / 210,240 = 50.0 %."""
    assert "105,120 of 210,240 eligible people: 50.0%." in whom("user", PREVIEW)


def test_a_share_that_is_not_reached_says_that_the_audiences_hold_no_more() -> None:
    """90,120 of 210,240 are 42.9 %, 15,000 short."""
    short = replace(PREVIEW, have_then=90_120, missing=15_000)
    assert "15,000 people fewer than 50% means" in whom("user", short)
    assert "90,120 of 210,240 eligible people: 42.9%." in whom("user", short)


def test_a_few_too_few_need_no_words() -> None:
    assert "fewer than" not in whom("user", replace(PREVIEW, have_then=104_120, missing=1_000))


def test_a_way_back_says_why_more_lose_it_than_gained_it() -> None:
    """50 % of 15,426 are 7,713; with the thresholds of then 7,867 would have it: 7,867 - 7,713 = 154."""
    back = replace(PREVIEW, verb="roll_back", have_then=7_713, eligible=15_426, had_then=7_867, raises_exposure=False)
    said = whom("user", back)
    assert "**154 people lose it who had it at 50% before, too.**" in said
    assert "With the thresholds of then 7,867 would have it today" in said
    assert "7,713 of 15,426 eligible people: 50.0%." in said
    assert "lose it who had it" not in whom("user", replace(back, had_then=7_713))


def test_a_raise_that_reaches_nobody_says_why_and_in_which_numbers() -> None:
    stuck = replace(PREVIEW, gained=0, have_then=41_208, wanted=105_120, too_many=150_000)
    said = whom("user", stuck)
    assert "Nobody gains it." in said
    assert "150,000 people would belong to what is open already, more than 50% means (105,120)" in said
    assert "41,208 of 210,240 eligible people: 19.6%." in said


def test_nothing_is_said_where_nobody_could_be_counted() -> None:
    assert whom("user", replace(PREVIEW, have_then=None)) == ""
    assert whom("user", replace(PREVIEW, eligible=None)) == ""


def test_a_sentence_that_lists_several_things_becomes_a_list() -> None:
    assert listed("Half would notice: Errors within 9 h; LCP within 2 days.") == (
        "Half would notice:\n- Errors within 9 h\n- LCP within 2 days")
    one = "Waiting proves it 55 times in 100"
    assert listed(one) == one


def test_criteria_say_whose_they_are_and_of_a_phase_left_behind_that_its_own_time_counts() -> None:
    phase = PLANS["exercise_library"].phases[2]
    own = replace(PREVIEW, from_phase=phase.name)
    assert whose(phase, own) == f"Criteria of {phase.name} (20%), to be proven before more than 20% are served"
    later = whose(phase, replace(PREVIEW, from_phase="Expanded Rollout"))
    assert later.startswith(f"Criteria of {phase.name} (20%)")
    assert "judged by the time in which it was served" in later
