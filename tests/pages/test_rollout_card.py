"""What the overview answers to "should we advance it?": one line, from the conditions and the open alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pages.panels.phase_stepper import when_words
from pages.panels.rollout_card import may_advance, next_step
from rollout_core.insight.status import AlertCounts, GateBrief, PhaseStep, Waiting

HERE = cast(Any, type("Viewer", (), {"now": datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
                                     "weekday": staticmethod(lambda at: f"{at:%a %d %b}"),
                                     "day": staticmethod(lambda at: f"{at:%d %b}"),
                                     "when": staticmethod(lambda at: f"{at:%d %b, %H:%M}")}))
PHASES = tuple(PhaseStep(f"p{number}", number, f"Phase {number}", share, "ahead", ())
               for number, share in ((1, 5.0), (2, 50.0), (3, 100.0)))
TO, NONE = PHASES[1], AlertCounts()
SATURDAY = datetime(2026, 12, 12, 9, 0, tzinfo=UTC)


def brief(met: int, not_met: int = 0, waiting: tuple[Waiting, ...] = ()) -> GateBrief:
    return GateBrief("not_yet", "", met, not_met, 5 - met - not_met, 0, 0, 5, waiting)


def test_not_yet_says_how_far_it_is_and_by_when() -> None:
    waits = tuple(Waiting(name, "not_yet", SATURDAY, sure) for name, sure in (("Duration", True), ("Use", False)))
    assert may_advance(HERE, brief(3, waiting=waits), TO, NONE) == (
        "Advance to 50%? Not yet: 3 of 5 conditions met, likely all by Sat 12 Dec")


def test_a_date_after_the_phase_s_planned_end_says_so() -> None:
    waits = (Waiting("Use", "not_yet", SATURDAY, False),) * 2
    by = "Advance to 50%? Not yet: 3 of 5 conditions met, likely all by Sat 12 Dec"
    for days, said in ((-1, f"{by}, after this phase's planned end on Fri 11 Dec"), (1, by), (-20, by)):
        assert may_advance(HERE, brief(3, waiting=waits), TO, NONE, SATURDAY + timedelta(days=days)) == said


def test_no_date_is_promised_while_one_condition_has_none() -> None:
    waits = (Waiting("Duration", "not_yet", SATURDAY, True), Waiting("Use", "no_data", None, False))
    assert may_advance(HERE, brief(3, waiting=waits), TO, NONE) == "Advance to 50%? Not yet: 3 of 5 conditions met"


def test_a_condition_that_is_not_met_is_a_no() -> None:
    assert may_advance(HERE, brief(4, not_met=1), TO, NONE) == "Advance to 50%? No: 4 of 5 conditions met"


def test_all_met_is_a_yes_unless_an_alert_is_open() -> None:
    assert may_advance(HERE, brief(5), TO, AlertCounts(warning=1)) == "Advance to 50%? Yes: all 5 conditions met"
    assert may_advance(HERE, brief(5), TO, AlertCounts(critical=1, error=1)) == (
        "Advance to 50%? Look first: all 5 conditions met, 2 alerts open")


def test_the_last_phase_is_completed_and_a_phase_without_criteria_is_up_to_people() -> None:
    assert may_advance(HERE, brief(5), next_step(PHASES[2], PHASES), NONE) == "Complete? Yes: all 5 conditions met"
    assert next_step(None, PHASES) is PHASES[0]
    assert may_advance(HERE, GateBrief("met", "", 0, 0, 0, 0, 0, 0), TO, NONE) == (
        "Advance to 50%? Up to you: this phase lists no criteria")


def test_a_phase_that_was_entered_twice_says_so_and_how_long_it_lasted_in_all() -> None:
    step = replace(TO, state="done", entered_at=SATURDAY - timedelta(days=30), left_at=SATURDAY,
                   spent=timedelta(days=14))
    assert when_words(HERE, step, off=False) == "12 Nov, 14 days"
    assert when_words(HERE, replace(step, stays=2), off=False) == "12 Nov, 2 times, 14 days in all"
