"""Evaluation: the order of what decides, the arms, inclusion, and the three ways of asking that must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.errors import FlagNotFound
from rollout_core.flags import Arm, Decision, Reason, ServedRollout, compile_rollout, decide_all, evaluate, is_on
from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import BUCKETS, bucket_of, holdout_salt
from rollout_core.flags.flag import Flag, Variant
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.override import EnvironmentOverride, Override
from rollout_core.flags.reach import inclusion_of
from rollout_core.flags.targeting import EVERYBODY, Condition, Operator

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BETA = Condition("segments", Operator.HAS_ANY, ("beta",))
FLAGS = (Flag("core", "Core"), Flag("video", "Video", prerequisite="core"), Flag("later", "Later"))
SERVED = ServedRollout(
    key="made", unit="user", plan="made", plan_version=1, status="running", phase="beta", epoch=7, epoch_began_at=NOW,
    revision=9, salt="salt", eligibility=Condition("tier", Operator.EQUALS, ("premium",)),
    audiences=(Audience("beta", "Beta", BETA), Audience("everyone", "Everyone", EVERYBODY)),
    thresholds={"beta": 60_000, "everyone": 20_000}, ever={"beta": 60_000, "everyone": 40_000},
    flags=FLAGS, served=frozenset({"core", "video"}))
PREMIUM = {"tier": "premium"}
BETA_USER = {"tier": "premium", "segments": ("beta",)}


def with_bucket(low: int, high: int, salt: str = "salt") -> str:
    """A subject whose bucket lies in [low, high)."""
    return next(f"u{number}" for number in range(100_000) if low <= bucket_of(salt, f"u{number}") < high)


def decide(served: ServedRollout, subject: str, attributes: dict[str, Any] | None = None,
           flag: str = "core") -> Decision:
    return evaluate(compile_rollout(served), flag, subject, PREMIUM if attributes is None else attributes, NOW)


def override(value: bool, *, flag: str | None = None, subject: str = "vip",
             until_at: datetime | None = None) -> Override:
    return Override("made", subject, value, flag, "ann", "support case", until_at)


def test_in_by_bucket_is_treatment():
    decision = decide(SERVED, with_bucket(0, 20_000))
    assert (decision.value, decision.reason, decision.arm) == (True, Reason.AUDIENCE_BUCKET, Arm.TREATMENT)
    # 40 % were in before. Of those compared, 20 % are in and 60 % out: 20 / 80.
    assert (decision.inclusion, decision.audience, decision.threshold) == (25_000, "everyone", 20_000)
    assert (decision.phase, decision.epoch, decision.variant) == ("beta", 7, "on")
    assert decision.compared


def test_out_by_bucket_is_control():
    decision = decide(SERVED, with_bucket(40_000, BUCKETS))
    assert (decision.value, decision.reason, decision.arm) == (False, Reason.OUT_BY_BUCKET, Arm.CONTROL)
    assert decision.compared


def test_out_now_but_once_served_is_former_and_in_no_comparison():
    decision = decide(SERVED, with_bucket(20_000, 40_000))
    assert (decision.value, decision.arm, decision.compared) == (False, Arm.FORMER, False)


def test_former_is_judged_by_the_highest_threshold_ever_of_any_audience_of_the_subject():
    served = replace(SERVED, thresholds={"beta": 10_000, "everyone": 20_000})
    assert decide(served, with_bucket(40_000, 60_000), BETA_USER).arm is Arm.FORMER
    assert decide(served, with_bucket(40_000, 60_000), PREMIUM).arm is Arm.CONTROL
    assert decide(served, with_bucket(60_000, BUCKETS), BETA_USER).arm is Arm.CONTROL


def test_inclusion_is_of_those_who_are_compared():
    """Whoever was in before is in no comparison, so the rest is not split as the threshold says."""
    served = replace(SERVED, thresholds={"beta": 10_000, "everyone": 20_000})
    assert decide(served, "u1", PREMIUM).inclusion == 25_000              # 20 in, 60 out (from 40 on)
    assert decide(served, "u1", BETA_USER).inclusion == 33_333            # 20 in, 40 out (from 60 on)
    whole = replace(SERVED, thresholds={"everyone": 20_000}, ever={"everyone": BUCKETS})
    assert decide(whole, with_bucket(0, 20_000)).inclusion == BUCKETS     # everybody was in: nobody is control
    assert not decide(whole, with_bucket(0, 20_000)).compared
    held = replace(SERVED, holdout=Holdout(10_000))
    assert decide(held, "u1", PREMIUM).inclusion == 21_951                # 18 in, 54 out and 10 held out: 18 / 82


@given(st.integers(0, BUCKETS), st.integers(0, BUCKETS), st.integers(0, BUCKETS - 1))
def test_inclusion_is_the_threshold_where_nobody_was_in_before_and_never_more_than_everybody(
        threshold: int, further: int, holdout: int) -> None:
    ever = min(threshold + further, BUCKETS)
    assert inclusion_of(threshold, threshold, holdout) == threshold * (BUCKETS - holdout) // BUCKETS
    assert inclusion_of(threshold, threshold, holdout) <= inclusion_of(threshold, ever, holdout) <= BUCKETS


@pytest.mark.parametrize("holdout", [0, 5_000])
def test_after_a_reduction_treatment_and_control_split_as_recorded(holdout: int) -> None:
    """Of 20,000 subjects, half of them beta users, each stratum's treated lie within four deviations of its chance."""
    german = Audience("german", "German", Condition("country", Operator.EQUALS, ("DE",)))
    compiled = compile_rollout(replace(
        SERVED, audiences=(SERVED.audiences[0], german), thresholds={"beta": 30_000, "german": 20_000},
        ever={"beta": 40_000, "german": 70_000}, holdout=Holdout(holdout, ("beta",))))
    counts: dict[int, list[int]] = {}
    for number in range(20_000):
        who = {"tier": "premium", "segments": ("beta",) * (number % 2), "country": ("DE", "FR")[number // 2 % 2]}
        found = evaluate(compiled, "core", f"u{number}", who, NOW)
        if found.compared:
            counts.setdefault(found.inclusion, [0, 0])[found.arm is not Arm.TREATMENT] += 1
    assert len(counts) == 3                                    # of both audiences, of the first alone, of the other
    for inclusion, (treated, control) in counts.items():
        chance, n = inclusion / BUCKETS, treated + control
        assert abs(treated - n * chance) < 4 * (n * chance * (1 - chance)) ** 0.5


def test_any_matching_audience_is_enough_and_the_most_open_one_counts():
    subject = with_bucket(20_000, 60_000)
    assert decide(SERVED, subject, BETA_USER).inclusion == 60_000
    assert decide(SERVED, subject, BETA_USER).value is True
    assert decide(SERVED, subject, PREMIUM).value is False


def test_an_audience_taken_whole_is_in_no_comparison():
    decision = decide(replace(SERVED, thresholds={"everyone": BUCKETS}), "anybody")
    assert (decision.arm, decision.inclusion, decision.compared) == (Arm.TREATMENT, BUCKETS, False)


def test_an_audience_not_opened_yet_has_no_arm():
    decision = decide(replace(SERVED, thresholds={"beta": 60_000}, ever={"beta": 60_000}), "anybody")
    assert (decision.reason, decision.arm, decision.inclusion) == (Reason.NO_AUDIENCE, Arm.NONE, 0)


def test_not_eligible_has_no_arm_and_no_bucket():
    decision = decide(SERVED, "u1", {"tier": "free"})
    assert (decision.value, decision.reason, decision.arm) == (False, Reason.NOT_ELIGIBLE, Arm.NONE)
    assert (decision.bucket, decision.inclusion) == (-1, 0)


def test_a_flag_that_has_not_entered_is_off():
    assert decide(SERVED, with_bucket(0, 20_000), flag="later").reason is Reason.NOT_ENTERED


def test_a_control_subject_of_the_prerequisite_is_control_of_the_flag_too():
    assert decide(SERVED, with_bucket(40_000, BUCKETS), flag="video").arm is Arm.CONTROL


HELD = replace(SERVED, holdout=Holdout(10_000), ever={}, audiences=SERVED.audiences)


def test_held_out_subjects_are_never_in_and_count_as_control():
    held = next(s for s in (f"u{n}" for n in range(10_000))
                if bucket_of(holdout_salt("salt"), s) < 10_000 and bucket_of("salt", s) < 20_000)
    decision = decide(HELD, held)
    assert (decision.value, decision.reason, decision.arm) == (False, Reason.HOLDOUT, Arm.HOLDOUT)
    # 20 % of the buckets, of whom 90 % are not held out: 20,000 * 90,000 / 100,000 = 18,000.
    assert decision.inclusion == 18_000
    assert decision.compared


def test_the_holdout_keeps_a_control_alive_at_100_percent():
    served = replace(HELD, thresholds={"everyone": BUCKETS})
    arms = {decide(served, f"u{number}").arm for number in range(200)}
    assert arms == {Arm.TREATMENT, Arm.HOLDOUT}
    assert decide(served, "u1").inclusion == 90_000


def test_a_holdout_of_named_audiences_leaves_the_others_alone():
    served = replace(HELD, holdout=Holdout(10_000, ("beta",)))
    assert decide(served, "u1", PREMIUM).inclusion == 20_000
    assert decide(served, "u1", BETA_USER).inclusion == 54_000


# The order, strongest first. Each entry switches one thing on; with all weaker ones on too it still decides.
STRONGEST_FIRST = [
    ({"stopped": True}, Reason.STOPPED), ({"paused": True}, Reason.PAUSED),
    ({"overrides": (override(True),)}, Reason.SUBJECT_OVERRIDE),
    ({"environment": (EnvironmentOverride("video", False, "ROLLOUT_FF_VIDEO"),)}, Reason.ENVIRONMENT_OVERRIDE),
    ({"status": "ready"}, Reason.NOT_RUNNING), ({"served": frozenset({"core"})}, Reason.NOT_ENTERED),
    ({"flags": (FLAGS[0], replace(FLAGS[1], prerequisite="gone"))}, Reason.PREREQUISITE_OFF),
    ({"eligibility": Condition("tier", Operator.EQUALS, ("none",))}, Reason.NOT_ELIGIBLE),
    ({"holdout": Holdout(BUCKETS)}, Reason.HOLDOUT),
]


@pytest.mark.parametrize("place", range(len(STRONGEST_FIRST)))
def test_the_stronger_always_decides(place: int):
    served = SERVED
    for fields, _ in STRONGEST_FIRST[place:]:
        served = replace(served, **fields)
    decision = decide(served, "vip", flag="video")
    assert decision.reason is STRONGEST_FIRST[place][1]
    assert decision.arm is (Arm.HOLDOUT if decision.reason is Reason.HOLDOUT else Arm.NONE)


def test_an_override_puts_a_subject_in_no_arm_and_names_who_and_why():
    on = replace(SERVED, overrides=(override(True),))
    decision = decide(on, "vip", {"tier": "free"})
    assert (decision.value, decision.arm, decision.detail) == (True, Arm.NONE, "by ann: support case")
    assert decide(on, "other", {"tier": "free"}).reason is Reason.NOT_ELIGIBLE


def test_an_override_ends_at_its_instant():
    served = replace(SERVED, overrides=(override(True, until_at=NOW),))
    assert decide(served, "vip").reason is not Reason.SUBJECT_OVERRIDE
    compiled = compile_rollout(served)
    assert evaluate(compiled, "core", "vip", {}, NOW - timedelta(seconds=1)).reason is Reason.SUBJECT_OVERRIDE


def test_an_override_of_one_flag_beats_one_of_all_and_the_later_the_earlier():
    served = replace(SERVED, overrides=(override(False, flag="core"), override(True, flag="core"), override(False)))
    assert decide(served, "vip").value is True
    assert decide(served, "vip", flag="video").value is False


def test_an_override_that_switches_the_prerequisite_off_takes_its_flags_along():
    served = replace(SERVED, overrides=(override(False, flag="core"),))
    assert decide(served, "vip", flag="video").reason is Reason.PREREQUISITE_OFF


def test_the_environment_switches_a_flag_for_everybody_and_names_its_variable():
    served = replace(SERVED, environment=(EnvironmentOverride("core", True, "ROLLOUT_FF_CORE"),))
    decision = decide(served, "u1", {"tier": "free"})
    assert (decision.value, decision.detail) == (True, "ROLLOUT_FF_CORE=true")
    assert decide(replace(served, environment=(EnvironmentOverride("core", False, "X"),)), with_bucket(0, 20_000),
                  flag="video").reason is Reason.PREREQUISITE_OFF


def test_overrides_work_before_the_start():
    assert decide(replace(SERVED, status="draft", overrides=(override(True),)), "vip").value is True


@pytest.mark.parametrize("status", ["running", "held", "completed"])
def test_chance_decides_while_anybody_is_served(status: str):
    assert decide(replace(SERVED, status=status), with_bucket(0, 20_000)).value is True


def test_prerequisites_that_go_in_a_circle_are_off():
    flags = (Flag("a", "A", prerequisite="b"), Flag("b", "B", prerequisite="a"))
    served = replace(SERVED, flags=flags, served=frozenset("ab"))
    assert decide(served, with_bucket(0, 20_000), flag="a").reason is Reason.PREREQUISITE_OFF


def test_an_unknown_flag_is_named_with_those_there_are():
    for ask in (evaluate, is_on):
        with pytest.raises(FlagNotFound, match="core, video, later"):
            ask(compile_rollout(SERVED), "nope", "u1", PREMIUM, NOW)


def test_a_rule_that_cannot_be_compiled_does_not_stand_in_the_way_of_a_stop():
    broken = replace(SERVED, eligibility=Condition("x", Operator.GREATER, ()), stopped=True)
    assert decide(broken, "u1").reason is Reason.STOPPED
    assert is_on(compile_rollout(broken), "core", "u1", {}, NOW) is False
    assert decide_all(compile_rollout(broken), "u1", {}, NOW)["core"].reason is Reason.STOPPED


BY_CHANCE = {Reason.AUDIENCE_BUCKET, Reason.OUT_BY_BUCKET, Reason.HOLDOUT, Reason.NO_AUDIENCE}
SERVINGS = st.builds(
    lambda status, paused, holdout, overrides, environment, thresholds: replace(
        SERVED, status=status, paused=paused, holdout=Holdout(holdout), overrides=tuple(overrides),
        environment=tuple(environment), thresholds=thresholds),
    st.sampled_from(["ready", "running", "held"]), st.booleans(), st.sampled_from([0, 30_000]),
    st.lists(st.builds(override, st.booleans(), flag=st.sampled_from([None, "core", "video"]),
                       subject=st.sampled_from(["u1", "u2", "u3"]),
                       until_at=st.sampled_from([None, NOW, NOW + timedelta(days=1)])), max_size=3),
    st.lists(st.builds(EnvironmentOverride, st.sampled_from(["core", "video"]), st.booleans(), st.just("X")),
             max_size=1),
    st.fixed_dictionaries({"beta": st.integers(0, BUCKETS), "everyone": st.integers(0, BUCKETS)}))


@settings(max_examples=200, deadline=None)
@given(SERVINGS, st.sampled_from(["u1", "u2", "u3", "u4"]), st.sampled_from([PREMIUM, BETA_USER, {}]))
def test_the_fast_answer_the_full_one_and_the_bulk_one_agree(
        served: ServedRollout, subject: str, attributes: dict[str, Any]):
    compiled = compile_rollout(served)
    together = decide_all(compiled, subject, attributes, NOW)
    for flag in compiled.flags:
        decision = evaluate(compiled, flag, subject, attributes, NOW)
        assert together[flag] == decision
        assert is_on(compiled, flag, subject, attributes, NOW) is decision.value


@settings(max_examples=200, deadline=None)
@given(SERVINGS, st.sampled_from(["u1", "u2", "u3", "u4"]), st.sampled_from([PREMIUM, BETA_USER, {}]))
def test_an_arm_belongs_to_chance_alone(served: ServedRollout, subject: str, attributes: dict[str, Any]):
    for decision in decide_all(compile_rollout(served), subject, attributes, NOW).values():
        by_chance = decision.reason in BY_CHANCE
        assert by_chance or decision.arm is Arm.NONE
        assert (decision.arm is Arm.TREATMENT) <= (decision.value is True)


COLOURS = Flag("colour", "Colour", variants=(
    Variant("off", "grey", 0), Variant("red", "#f00", 1), Variant("blue", "#00f", 3)))


def test_variants_are_drawn_by_weight_with_a_salt_of_their_own():
    served = replace(SERVED, flags=(COLOURS,), served=frozenset({"colour"}), thresholds={"everyone": BUCKETS})
    compiled = compile_rollout(served)
    drawn = [evaluate(compiled, "colour", f"u{number}", PREMIUM, NOW).variant for number in range(4_000)]
    # A quarter red: 1,000 expected, standard deviation sqrt(4000 * 0.25 * 0.75) = 27.4; five of them is 137.
    assert abs(drawn.count("red") - 1_000) < 137
    assert set(drawn) == {"red", "blue"}


def test_everybody_else_gets_the_variant_named_off():
    served = replace(SERVED, flags=(COLOURS,), served=frozenset({"colour"}))
    assert decide(served, with_bucket(40_000, BUCKETS), flag="colour").value == "grey"
    assert decide(replace(served, paused=True), "u1", flag="colour").value == "grey"
    assert decide_all(compile_rollout(served), with_bucket(0, 20_000), PREMIUM, NOW)["colour"].value in ("#f00", "#00f")
    assert decide(replace(served, overrides=(override(True),)), "vip", flag="colour").value in ("#f00", "#00f")


def test_raising_the_share_keeps_every_variant():
    flags = {"flags": (COLOURS,), "served": frozenset({"colour"})}
    small, large = (compile_rollout(replace(SERVED, **flags, thresholds={"everyone": share}))
                    for share in (20_000, 90_000))
    for number in range(300):
        before = evaluate(small, "colour", f"u{number}", PREMIUM, NOW)
        if before.arm is Arm.TREATMENT:
            assert evaluate(large, "colour", f"u{number}", PREMIUM, NOW).variant == before.variant


def test_every_reason_has_an_openfeature_name():
    for reason in Reason:
        decision = decide(SERVED, "u1")._replace(reason=reason)
        assert decision.openfeature_reason in {"DISABLED", "TARGETING_MATCH", "STATIC", "DEFAULT", "SPLIT"}
