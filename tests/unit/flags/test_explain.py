"""Explain: the chain says what decided, with the numbers, and every other link too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout_core.flags import Reason, ServedRollout, compile_rollout
from rollout_core.flags.explain import DECIDED_BY, Step, explain
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.rule_words import WORDS, rule_in_words
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator
from tests.unit.flags.test_evaluation import NOW, PREMIUM, SERVED, STRONGEST_FIRST, override, with_bucket

CHAIN = ["stop", "pause", "override", "environment", "status", "entered", "prerequisite", "eligibility", "holdout",
         "audience", "bucket"]


def chain(served: ServedRollout, subject: str = "vip", flag: str = "video", **attributes: object) -> dict[str, Step]:
    explanation = explain(compile_rollout(served), flag, subject, {**PREMIUM, **attributes}, NOW)
    assert [step.key for step in explanation.steps] == CHAIN
    assert [step.key for step in explanation.steps if step.decided] == [DECIDED_BY[explanation.decision.reason]]
    return {step.key: step for step in explanation.steps}


@pytest.mark.parametrize(("fields", "reason"), STRONGEST_FIRST)
def test_the_chain_points_at_what_decided(fields: dict[str, object], reason: Reason):
    step = chain(replace(SERVED, **fields))[DECIDED_BY[reason]]
    assert step.decided
    assert step.passed is (reason is Reason.SUBJECT_OVERRIDE)


def test_every_reason_points_at_a_link_of_the_chain():
    assert set(DECIDED_BY) == set(Reason)
    assert set(DECIDED_BY.values()) == set(CHAIN)


def test_the_bucket_is_told_with_the_threshold_and_with_what_it_would_take():
    subject = with_bucket(50_000, 50_100)
    step = chain(SERVED, subject)["bucket"]
    bucket = step.facts["bucket"]
    assert step.passed is False
    assert step.words == (f"Bucket {bucket} of 100000 is not below the threshold 20000. It comes in when everyone is "
                          f"open for more than {bucket / 1000:g} %.")


def test_a_failed_condition_is_told_with_what_the_subject_has():
    served = replace(SERVED, eligibility=AllOf((SERVED.eligibility, Condition("roles", Operator.HAS_ANY, ("doctor",)))))
    words = chain(served, tier="free")["eligibility"].words
    assert words == ("Not eligible: needs tier is premium, has 'free'; "
                     "needs roles has at least one of doctor, has nothing.")
    assert chain(served, roles=("doctor",))["eligibility"].passed is True


def test_the_holdout_is_told_with_its_own_bucket():
    step = chain(replace(SERVED, holdout=Holdout(100_000)))["holdout"]
    assert step.passed is False
    assert "below 100000 (100 %): kept out for comparison" in step.words
    assert chain(SERVED)["holdout"].passed is None


def test_an_override_is_told_with_who_why_and_until_when():
    step = chain(replace(SERVED, overrides=(override(True, until_at=NOW.replace(year=2027)),)))["override"]
    assert step.words == "On by ann: support case, until 2027-03-01 12:00 UTC."


def test_an_expired_override_is_not_hidden():
    step = chain(replace(SERVED, overrides=(override(True, until_at=NOW),)))["override"]
    assert (step.passed, step.words) == (None, "None in force; 1 for other flags or expired.")


def test_every_operator_has_words():
    assert set(WORDS) == set(Operator)
    assert rule_in_words(EVERYBODY) == ""
    assert rule_in_words(AnyOf(())) == "nobody"
    either = AnyOf((Condition("a", Operator.IN, (1, True)), Condition("b", Operator.EXISTS)))
    assert rule_in_words(AllOf((either, Condition("c", Operator.NEWER_THAN_DAYS, (30,))))) == (
        "(a is one of 1, true or b is known), and c is less than 30 days ago")


def test_a_flag_of_a_phase_that_was_left_again_is_not_served_in_the_present_one():
    words = chain(replace(SERVED, served=frozenset({"core"}), phase="beta"))["entered"].words
    assert words.startswith("video is not served in the present phase, beta.")
    assert "entered so far" not in words


def test_an_audience_that_is_closed_is_said_to_be_closed_and_not_open_for_nobody():
    closed = replace(SERVED, thresholds=dict.fromkeys(SERVED.thresholds, 0))
    words = chain(closed)["audience"].words
    assert "which is not open yet" in words
    assert "open for 0" not in words
