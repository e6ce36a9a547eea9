"""Who has the feature keeps it, whatever time passes and whatever is raised; a reduction never hands it to anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_core.errors import RolloutError
from rollout_core.flags.audience import Audience
from rollout_core.flags.evaluation import compile_rollout, is_on
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule
from rollout_core.rollouts import decide
from rollout_core.rollouts.census import Census, population
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.decide.next_state import change
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.serving import serve
from rollout_core.rollouts.status import SERVING, Status, Verb
from rollout_core.rollouts.targets import Rollback, served_before
from tests.fakes.registers import NOW, PHASES, Subjects, census_of, has, plan_of


def newer(attribute: str, days: int) -> Rule:
    return Condition(attribute, Operator.NEWER_THAN_DAYS, (days,))


def older(attribute: str, days: int) -> Rule:
    return Condition(attribute, Operator.OLDER_THAN_DAYS, (days,))


AUDIENCES = (
    Audience("internal", "Internal", has("internal")),
    Audience("beta", "Beta testers", AnyOf((has("beta"), AllOf((newer("created_at", 60), older("created_at", 10)))))),
    Audience("fresh", "New users (30 days)", newer("created_at", 30)),
    Audience("idle", "Inactive users (30 days)", older("active_at", 30)),
    Audience("everyone", "Everyone", EVERYBODY),
)
PLANS = [plan_of(audiences=AUDIENCES),
         plan_of(audiences=AUDIENCES, eligibility=older("created_at", 1)),
         plan_of(audiences=AUDIENCES, eligibility=newer("active_at", 90), holdout=Holdout(10_000))]
FLAG = "core"
Step = Callable[[Plan, Rollout, Census | None, datetime], Next]
SHARES = st.one_of(st.integers(0, 100_000), st.sampled_from([phase.percentage for phase in PHASES]))

RAISING: st.SearchStrategy[Step] = st.one_of(
    st.just(decide.advance),
    st.builds(lambda share: lambda plan, rollout, census, now: decide.set_percentage(
        plan, rollout, census, now, max(share, rollout.percentage)), SHARES))
NOT_RAISING: st.SearchStrategy[Step] = st.one_of(
    st.builds(lambda share: lambda plan, rollout, census, now: decide.set_percentage(
        plan, rollout, census, now, min(share, rollout.percentage)), SHARES),
    st.builds(lambda kind: lambda plan, rollout, census, now: decide.roll_back(plan, rollout, census, now, kind),
              st.sampled_from(list(Rollback))),
    st.just(lambda plan, rollout, census, now: decide.pause(rollout, now)),
    st.just(lambda plan, rollout, census, now: decide.hold(rollout, now)))
RESUMING: st.SearchStrategy[Step] = st.builds(
    lambda share: lambda plan, rollout, census, now: decide.resume(
        plan, rollout, census, now, percentage=share if share is None else min(share, served_before(rollout))),
    st.one_of(st.none(), SHARES))
DAYS = st.one_of(st.just(0.0), st.floats(0, 200))
PATHS = st.lists(st.tuples(DAYS, st.one_of(RAISING, RAISING, NOT_RAISING, RESUMING)), max_size=6)


@st.composite
def aging_registers(draw: st.DrawFn) -> Subjects:
    """Subjects that came and were last active at some time before or after the start."""
    days = st.integers(-120, 60)
    segments = st.lists(st.sampled_from(["internal", "beta"]), unique=True, max_size=2)
    return [(f"u{number}", {"segments": tuple(draw(segments)),
                            "created_at": (NOW + timedelta(days=draw(days))).isoformat(),
                            "active_at": (NOW + timedelta(days=draw(days))).isoformat()})
            for number in range(draw(st.integers(1, 25)))]


@dataclass
class Walk:
    """A rollout on its way; `counted` False walks without a register."""

    plan: Plan
    subjects: Subjects
    counted: bool
    rollout: Rollout
    now: datetime = NOW

    @classmethod
    def begun(cls, plan: Plan, subjects: Subjects, counted: bool) -> Walk:
        walk = cls(plan, subjects, counted, decide.prepare(decide.draft(plan, "salt", NOW), NOW).rollout)
        walk.take(decide.start, raising=True)
        return walk

    def take(self, step: Step, *, raising: bool) -> Next:
        """Does a step as a verb does: it counts for what it is about to do. A refused one changes nothing."""
        asked = population(self.plan, self.rollout, self.now, raising=raising)
        try:
            done = step(self.plan, self.rollout, census_of(asked, self.subjects) if self.counted else None, self.now)
        except RolloutError:
            return Next(self.rollout, self.rollout)
        self.rollout = done.rollout
        return done

    def along(self, path: list[tuple[float, Step]]) -> Walk:
        for days, step in path:
            self.now += timedelta(days=days)
            before = self.rollout
            if self.take(step, raising=True).rollout.percentage <= before.percentage:
                self.rollout = before               # it went down: count it as that
                self.take(step, raising=False)
        return self

    def having(self) -> set[str]:
        """Who has the flag, by evaluation."""
        ready = compile_rollout(serve(self.plan, self.rollout))
        return {subject for subject, attributes in self.subjects if is_on(ready, FLAG, subject, attributes, self.now)}


WALKS = st.builds(lambda plan, subjects, counted, path: Walk.begun(plan, subjects, counted).along(path),
                  st.sampled_from(PLANS), aging_registers(), st.booleans(), PATHS)


@settings(max_examples=300, deadline=None)
@given(WALKS, DAYS, RAISING)
def test_no_raise_at_any_time_takes_the_feature_from_somebody(walk: Walk, days: float, step: Step):
    before = walk.having()
    walk.now += timedelta(days=days)
    walk.take(step, raising=True)
    assert before <= walk.having()


@settings(max_examples=300, deadline=None)
@given(WALKS, DAYS, NOT_RAISING)
def test_no_reduction_at_any_time_hands_the_feature_to_somebody(walk: Walk, days: float, step: Step):
    before = walk.having()
    walk.now += timedelta(days=days)
    walk.take(step, raising=False)
    assert walk.having() <= before


@settings(max_examples=300, deadline=None)
@given(WALKS, DAYS)
def test_a_pause_and_a_resume_serve_the_same_people_however_long_it_took(walk: Walk, days: float):
    if walk.rollout.status not in SERVING:
        return
    before = walk.having()
    walk.take(lambda plan, rollout, census, now: decide.pause(rollout, now), raising=False)
    assert walk.having() == set()
    walk.now += timedelta(days=days)
    walk.take(decide.resume, raising=False)
    assert walk.having() == before


@settings(max_examples=200, deadline=None)
@given(WALKS, DAYS)
def test_a_count_at_any_later_time_is_the_number_of_those_who_have_it(walk: Walk, days: float):
    later = walk.now + timedelta(days=days)
    counted = census_of(population(walk.plan, walk.rollout, later), walk.subjects)
    assert counted.enrolled(walk.rollout.thresholds) == len(walk.having())


def test_new_users_grow_old_and_keep_it():
    """Both came in as new users at phase 3; a month later, at phase 4, one of them has been there for 55 days."""
    came = {"old": -25, "young": -1, "long ago": -400}
    subjects = [(name, {"created_at": (NOW + timedelta(days=days)).isoformat()}) for name, days in came.items()]
    walk = Walk(PLANS[0], subjects, False, decide.prepare(decide.draft(PLANS[0], "salt", NOW), NOW).rollout)
    fresh = {"fresh": 100_000}
    walk.rollout = change(walk.rollout, NOW, Verb.START, thresholds=fresh, served=frozenset({FLAG}),
                          status=Status.RUNNING, percentage=20_000).rollout
    assert walk.having() == {"old", "young"}
    walk.now += timedelta(days=30)
    walk.take(lambda plan, rollout, census, now: change(
        rollout, now, Verb.ADVANCE, thresholds={**fresh, "everyone": 1}, percentage=50_000), raising=True)
    assert walk.rollout.epoch == 2
    assert walk.having() == {"old", "young"}


def test_who_comes_later_is_new_too_and_who_goes_idle_joins_with_the_next_raise_only():
    subjects = [("newcomer", {"created_at": (NOW + timedelta(days=5)).isoformat()}),
                ("idle later", {"created_at": "2020-01-01", "active_at": (NOW - timedelta(days=10)).isoformat()})]
    walk = Walk.begun(PLANS[0], subjects, False)
    opened = {"fresh": 100_000, "idle": 100_000}
    walk.rollout = replace(walk.rollout, ever=opened, thresholds=opened, anchors=None, epoch_began_at=NOW)
    assert walk.having() == {"newcomer"}
    walk.now += timedelta(days=40)
    walk.take(lambda plan, rollout, census, now: decide.hold(rollout, now), raising=False)
    assert walk.having() == {"newcomer"}
    walk.take(decide.advance, raising=True)
    assert walk.having() == {"newcomer", "idle later"}
