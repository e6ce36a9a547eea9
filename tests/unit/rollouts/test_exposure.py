"""What no sequence of verbs over any register may do: raise on a reduction, lose on an advance, swap people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.errors import RolloutError
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.flags.holdout import Holdout
from rollout_core.rollouts import decide
from rollout_core.rollouts.census import Census, population
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.filling import Filled, order_of, raise_to
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import SERVING, Status
from rollout_core.rollouts.targets import Rollback, falls_into, served_before
from tests.fakes.registers import NOW, PHASES, Subjects, census_of, one_audience, plan_of, registers, those_in

PLAN = plan_of(holdout=Holdout(5_000))
KEPT = plan_of(audiences=tuple(replace(audience, keep_control=7_000) for audience in PLAN.audiences))
SHARES = st.one_of(st.integers(0, BUCKETS), st.sampled_from([phase.percentage for phase in PHASES]))
Step = Callable[[Rollout, Census | None], Next]

RAISING = st.one_of(
    st.builds(lambda phase: lambda rollout, census: decide.advance(PLAN, rollout, census, NOW, phase=phase),
              st.sampled_from([None, *(phase.key for phase in PHASES)])),
    st.builds(lambda share: lambda rollout, census: decide.set_percentage(PLAN, rollout, census, NOW, share), SHARES))
REDUCING = st.one_of(
    st.builds(lambda share: lambda rollout, census: decide.set_percentage(
        PLAN, rollout, census, NOW, min(share, rollout.percentage)), SHARES),
    st.builds(lambda kind, to: lambda rollout, census: decide.roll_back(PLAN, rollout, census, NOW, kind, to=to),
              st.sampled_from(list(Rollback)), st.one_of(st.none(), SHARES)),
    st.just(lambda rollout, census: decide.pause(rollout, NOW)),
    st.just(lambda rollout, census: decide.stop(rollout, NOW)),
    st.just(lambda rollout, census: decide.hold(rollout, NOW)),
    st.just(lambda rollout, census: decide.complete(PLAN, rollout, NOW)))
RESUMING = st.builds(
    lambda share: lambda rollout, census: decide.resume(
        PLAN, rollout, census, NOW, percentage=share if share is None else min(share, served_before(rollout))),
    st.one_of(st.none(), SHARES))
ANY = st.one_of(RAISING, RAISING, REDUCING, RESUMING)


def counted(subjects: Subjects) -> Census | None:
    """The census of a register; None when it is empty."""
    rollout = decide.draft(PLAN, "salt", NOW)
    return census_of(population(PLAN, rollout, NOW), subjects) if subjects else None


def begun() -> Rollout:
    return decide.prepare(decide.draft(PLAN, "salt", NOW), NOW).rollout


def walked(steps: list[Step], subjects: Subjects) -> Rollout:
    """A rollout after these steps; what is refused is left out."""
    rollout, census = decide.start(PLAN, begun(), counted(subjects), NOW).rollout, counted(subjects)
    for step in steps:
        rollout = tried(step, rollout, census).rollout
    return rollout


def tried(step: Step, rollout: Rollout, census: Census | None) -> Next:
    try:
        return step(rollout, census)
    except RolloutError:
        return Next(rollout, rollout)


def rises(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    return any(value > before.get(key, 0) for key, value in after.items())


PATHS = st.lists(ANY, max_size=6)


@settings(max_examples=300, deadline=None)
@given(registers(), registers(), PATHS, REDUCING)
def test_no_reduction_raises_any_audiences_threshold(
        subjects: Subjects, later: Subjects, path: list[Step], reduction: Step):
    rollout = walked(path, subjects)
    after = tried(reduction, rollout, counted(later))
    assert not rises(rollout.thresholds, after.rollout.thresholds)
    assert not after.raises_exposure
    assert after.rollout.served <= rollout.served
    assert after.rollout.percentage <= rollout.percentage


@settings(max_examples=300, deadline=None)
@given(registers(), registers(), PATHS, RESUMING)
def test_no_resume_raises_a_threshold_above_what_was_served_before(
        subjects: Subjects, later: Subjects, path: list[Step], resume: Step):
    rollout = walked(path, subjects)
    before = rollout.remembered_thresholds if rollout.remembered is not None else rollout.thresholds
    assert not rises(before, tried(resume, rollout, counted(later)).rollout.thresholds)


@settings(max_examples=300, deadline=None)
@given(registers(), registers(), PATHS, RAISING)
def test_no_threshold_falls_when_exposure_is_raised(
        subjects: Subjects, later: Subjects, path: list[Step], step: Step):
    rollout = walked(path, subjects)
    after = tried(step, rollout, counted(later)).rollout
    if after.percentage > rollout.percentage:
        assert not rises(after.thresholds, rollout.thresholds)
        assert after.served >= rollout.served


@settings(max_examples=300, deadline=None)
@given(registers(), PATHS, SHARES, SHARES)
def test_the_same_people_are_served_after_going_down_and_up_again(
        subjects: Subjects, path: list[Step], high: int, low: int):
    rollout, census = walked(path, subjects), counted(subjects)
    if rollout.status not in (Status.RUNNING, Status.HELD) or not rollout.percentage < high or not 0 < low < high:
        return
    rollout = decide.set_percentage(PLAN, rollout, census, NOW, high).rollout
    down = decide.set_percentage(PLAN, rollout, census, NOW, low).rollout
    up = decide.set_percentage(PLAN, down, census, NOW, rollout.percentage).rollout
    phase = falls_into(PLAN, rollout.percentage, rollout.phase)
    if {key for key, value in rollout.thresholds.items() if value} <= set(order_of(PLAN, phase)):
        assert those_in(up.thresholds, "salt", subjects, PLAN) == those_in(rollout.thresholds, "salt", subjects, PLAN)
        assert up.thresholds == rollout.thresholds


@settings(max_examples=200, deadline=None)
@given(registers(), st.lists(SHARES, max_size=8))
def test_percentages_alone_always_serve_a_beginning_of_one_line(subjects: Subjects, shares: list[int]):
    census, plan = counted(subjects), one_audience(*(phase.percentage for phase in PHASES))
    rollout, seen = decide.start(plan, begun(), census, NOW).rollout, []
    for share in shares:
        rollout = decide.set_percentage(plan, rollout, census, NOW, share).rollout
        seen.append(those_in(rollout.thresholds, "salt", subjects, plan))
    for one in seen:
        assert all(one <= other or other <= one for other in seen)


@settings(max_examples=300, deadline=None)
@given(registers(most=40), PATHS, RAISING)
def test_raising_only_adds_subjects_and_reaches_the_share_or_says_what_is_missing(
        subjects: Subjects, path: list[Step], step: Step):
    rollout, census = walked(path, subjects), counted(subjects)
    after = tried(step, rollout, census)
    if census is None or after.filling is None or not after.raises_exposure:
        return
    before, now = (those_in(each.thresholds, "salt", subjects, PLAN) for each in (rollout, after.rollout))
    assert before <= now
    assert len(now) == after.filling.included
    share = len(subjects) * after.rollout.percentage / BUCKETS
    assert len(now) - max(share, len(before), 1) <= 0.5
    assert len(now) + after.filling.missing >= share - 0.5


@settings(max_examples=200, deadline=None)
@given(registers(), PATHS)
def test_the_highest_threshold_ever_covers_all_that_is_served(subjects: Subjects, path: list[Step]):
    rollout = walked(path, subjects)
    assert not rises(rollout.ever, rollout.thresholds)
    assert all(not rises(step.thresholds, before.thresholds)
               for before, step in pairwise(rollout.raises)), "the raises of a rollout never fall"
    assert (rollout.percentage > 0) <= (rollout.status in SERVING)


@settings(max_examples=200, deadline=None)
@given(registers(), st.sampled_from(PHASES), SHARES)
def test_an_audience_that_keeps_a_control_is_never_whole_below_100_percent(
        subjects: Subjects, phase: Phase, share: int):
    filling = raise_to(KEPT, phase, share, Filled({}, ()), counted(subjects))
    most = max(filling.thresholds.values(), default=0)
    assert most <= (BUCKETS if share == BUCKETS else BUCKETS - 7_000)


@settings(max_examples=200, deadline=None)
@given(registers(), registers(), PATHS)
def test_a_migration_never_lets_in_more_subjects(subjects: Subjects, after: Subjects, path: list[Step]):
    rollout, before, later = walked(path, subjects), counted(subjects), counted(after)
    if before is None or later is None or rollout.status is Status.STOPPED:
        return
    moved = decide.migrate_plan(PLAN, replace(PLAN, version=2), rollout, (before, later), NOW).rollout
    assert later.included(moved.thresholds) <= before.included(rollout.thresholds)
    assert later.included(moved.remembered_thresholds) <= before.included(rollout.remembered_thresholds)


def test_raising_and_lowering_100_000_unicode_subjects_only_adds_and_removes_the_last_ones_in():
    names = ["Ünal", "薬局", "💊", "Ωmega", "ключ", "x"]
    subjects = [(f"{names[number % len(names)]}-{number}", {"segments": ()}) for number in range(100_000)]
    plan, census = one_audience(100, 50_000, 100_000), counted(subjects)
    rollout, served = decide.start(plan, begun(), census, NOW).rollout, []
    for share in (20_000, 70_000, 40_000, 70_000, 0, 20_000):
        rollout = decide.set_percentage(plan, rollout, census, NOW, share).rollout
        served.append(those_in(rollout.thresholds, "salt", subjects, plan))
    twenty, seventy, forty, seventy_again, nobody, twenty_again = served
    assert twenty < forty < seventy
    assert (seventy_again, twenty_again, nobody) == (seventy, twenty, frozenset())
    # One bucket holds one subject on average, seldom more than nine: the share is exact to within a bucket.
    assert all(abs(len(each) - share) <= 9 for each, share in zip(served[:3], (20_000, 70_000, 40_000), strict=True))
