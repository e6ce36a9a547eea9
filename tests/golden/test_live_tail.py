"""Rollups and the raw events behind the watermark give one answer, wherever the watermark stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from rollout_core.insight.heavy_tail import KeptTails
from rollout_core.insight.look import SeenStore
from rollout_core.insight.measure import by_key
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.tail import FAMILIES, by_family, families_of, taken
from rollout_core.insight.two_parts import SharedRows, summed
from rollout_core.metrics.catalog import METRICS
from rollout_core.metrics.formula import Mean, Percentile, PromoterScore, Proportion, Satisfaction
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import (
    TAIL_COLUMNS,
    Histogram,
    Ratings,
    Rows,
    Tail,
    Timeline,
    TimelineBins,
    Totals,
    Watermarks,
)
from rollout_core.ports.tail_memory import TailMemory
from tests.golden.made_world import T0, World

COUNTED = [metric.key for metric in METRICS
           if isinstance(metric.formula, Proportion | Mean | Percentile | Satisfaction | PromoterScore)]


def fill(world: World) -> None:
    """Both arms do a little of everything on three days, at odd minutes."""
    for arm in ("treatment", "control"):
        for number in range(3):
            who = f"{arm}{number}"
            world.expose(who, arm, 0.2)
            for day in range(3):
                at, session = 24 * day + 7.37 + number / 3, f"{who}-{day}"
                world.add("session", at, who, session=session, value=60_000.0 * (number + day + 1))
                world.add("api_request", at, who, endpoint="/a", status=500 if number == day else 200,
                          value=100.0 + 37 * number + 11 * day)
                world.add("render", at, who, name="List", value=8.0 + number)
                for name, value in (("LCP", 2400.0 + 90 * number), ("INP", 180.0 + 20 * day), ("CLS", 0.03 * number),
                                    ("FCP", 900.0), ("TTFB", 300.0 + day), ("FID", 12.0)):
                    world.add("web_vital", at, who, name=name, value=value, page="/a", session=session)
                world.add("task", at, who, name="t", state="started")
                world.add("task", at, who, name="t", state="completed" if number else "started")
                world.add("error", at, who, category="api", severity="critical" if day else "low", session=session,
                          message="x")
                world.add("feedback", at, who, value=float(1 + number + day))
                world.add("feedback", at, who, name="nps", value=float(3 * number + day), scale=(0.0, 10.0))
    world.flush()


@pytest.mark.parametrize("closed_at", [1.0, 7.9, 31.4, 48.0, 55.5])
def test_every_counted_metric_is_the_same_live_and_closed(world: World, closed_at: float) -> None:
    fill(world)
    world.room.events.close_windows(world.at(closed_at))
    window = (0.5, 24 * 2 + 20.3)
    live = {(key, arm): by_key(world.measuring(*window), key, arm) for key in COUNTED for arm in ("treatment", None)}
    world.room.events.close_windows(world.clock.at + timedelta(days=1))
    for (key, arm), before in live.items():
        after = by_key(world.measuring(*window), key, arm)
        assert (after.value, after.n) == (before.value, before.n), key
        assert before.n > 0, key


BEHIND, PRESENT = 55.4, 56.2
"""Hours of a watermark and of the present: two visits of each arm lie between them."""
TAIL = Window(T0 + timedelta(hours=BEHIND), T0 + timedelta(hours=PRESENT))
ENDED = Window(TAIL.since_at, T0 + timedelta(hours=55.75))
SUMMED = ("session_errors", "session_errors:api", "vital:LCP", "vital_good:LCP", "good_loads", "request_errors",
          "tasks", "errors", "errors:api", "feedback", "nps", "exposures", "feature_use", "render")
BINNED = ("vital:LCP", "vital:CLS", "request_duration", "session_duration", "render")
QUESTIONS = [
    *(Totals(window, SUMMED, "r", by) for window in (TAIL, ENDED)
      for by in ((), ("metric", "arm"), ("hour", "flag"), ("day", "epoch", "inclusion", "metric"))),
    Totals(TAIL, SUMMED, "r", ("metric",), arms=("treatment",)), Totals(TAIL, SUMMED, None, ("metric", "arm")),
    Totals(TAIL, ("feature_use", "exposures"), "r", ("metric",), flag="f1"),
    *(Histogram(window, BINNED, "r", by) for window in (TAIL, ENDED) for by in (("metric", "arm"), ("day", "epoch"))),
    *(Histogram(window, BINNED, "r", ("metric", "slice", "arm"), slice=None) for window in (TAIL, ENDED)),
    Histogram(TAIL, ("vital:LCP",), "r", ("arm", "inclusion"), slice="page:/a"),
    *(Ratings(window, metric, "r", by) for window in (TAIL, ENDED) for metric in ("satisfaction", "nps")
      for by in (("arm",), ("day", "epoch", "inclusion"))),
    *(Timeline("r", SUMMED, window, 600) for window in (TAIL, ENDED)),
    *(TimelineBins("r", BINNED, window, 300) for window in (TAIL, ENDED)),
]


def test_a_question_takes_from_the_shared_tail_what_the_store_says_to_it_alone(world: World) -> None:
    fill(world)
    for who in ("treatment1", "control2"):
        world.add("feature_use", 55.5, who, flag="f1", value=1.0)
    world.flush()
    world.clock.at = TAIL.until_at
    world.room.events.close_windows(world.at(BEHIND))
    measuring = world.measuring(0, PRESENT)
    for question in QUESTIONS:
        assert families_of(question, world.clock.at) is not None, question
        alone, shared = world.room.events.measure(question), measuring.ask(question)
        assert shared.columns == alone.columns, question
        assert sorted(map(str, shared.rows)) == sorted(map(str, alone.rows)), question
        assert alone.rows, question


@pytest.mark.parametrize("whole", [True, False])
def test_what_looks_make_of_a_shared_tail_is_what_the_store_says_and_is_made_once(world: World, whole: bool) -> None:
    fill(world)
    for hours in (30, 55.5):
        world.add("feature_use", hours, "treatment1", flag="f1", value=1.0)
    world.flush()
    world.clock.at = TAIL.until_at
    world.room.events.close_windows(world.at(BEHIND))
    closed_at = world.room.events.measure(Watermarks()).closed_until_at
    after = Window(closed_at, TAIL.until_at)
    looks = [SeenStore(world.room.events), SeenStore(world.room.events)]
    for rollout in ("r", None):
        found = by_family(world.room.events.measure(Tail(after, tuple(each.name for each in FAMILIES), rollout)))
        shared = {family.name: SharedRows(found.get(family.name, [])) for family in FAMILIES}
        for events in looks:
            events.seen[after, rollout] = dict(shared)
    window = Window(T0, TAIL.until_at) if whole else after
    for question in {replace(each, window=window) for each in QUESTIONS if each.window == TAIL}:
        first, second = (Measuring(events, scene(world.room, "r"), window).ask(question) for events in looks)
        alone = world.room.events.measure(question)
        assert sorted(map(str, first.rows)) == sorted(map(str, alone.rows)), question
        assert alone.rows, question
        assert second.rows is first.rows, question


def test_the_shared_tail_holds_of_every_sort_of_event_what_the_store_says_to_a_question_about_it(world: World) -> None:
    fill(world)
    for who, state in (("treatment1", "opened"), ("treatment1", "resolved"), ("control2", "opened"),
                       ("nobody", "opened")):
        world.add("support_ticket", 55.5, who, name=f"t-{who}", state=state, severity="high")
        world.add("security_issue", 55.6, who, name=f"s-{who}", state=state, severity="critical")
        world.add("conversion", 55.7, who, name="trial", value=3.0)
        world.add("health_check", 55.8, who, name="api", ok=state == "opened")
        world.add("page_view", 55.5, who, page="/a")
        world.add("custom", 55.9, who, name="own", value=7.0)
    world.flush()
    world.clock.at = TAIL.until_at
    world.room.events.close_windows(world.at(BEHIND))
    names = ("page_views", "tickets", "security_issues", "conversions", "conversion:trial", "health_checks",
             "custom:own", "page_load_score")
    for rollout in ("r", None):
        found = by_family(world.room.events.measure(Tail(TAIL, tuple(each.name for each in FAMILIES), rollout)))
        for name in names:
            question = Totals(TAIL, (name,), rollout, ("metric", "arm", "epoch", "inclusion"))
            rows = Rows(TAIL_COLUMNS, [row for every in found.values() for row in every])
            shared = summed(taken(question, rows), Totals)
            assert sorted(map(str, shared)) == sorted(map(str, world.room.events.measure(question).rows)), name
            assert shared, name


@pytest.mark.parametrize("hours", [55.5, 55.75, 56.0])
def test_what_a_kept_tail_holds_of_later_windows_is_what_raw_events_say_of_them(world: World, hours: float) -> None:
    fill(world)
    for at in (55.49, 55.51, 55.74, 55.76):             # reports of the same vital and session on both sides
        world.add("web_vital", at, "treatment0", name="INP", value=100 * at, metric_id="one", page="/a", load="one")
        world.add("session", at, "treatment0", session="long", value=1_000 * at)
        world.add("feature_use", at, "control1", flag="f1", value=at)
    world.flush()
    world.room.events.close_windows(world.at(BEHIND))
    metrics, memory = tuple(family.name for family in FAMILIES), TailMemory()
    clock = count(step=60)                              # each reading takes a minute, so that it is kept for twenty
    tails = KeptTails(world.room.events, memory, TAIL.until_at, 1, heavy=1, clock=lambda: next(clock))
    tails.families(Tail(TAIL, metrics, "r"))
    later = Tail(Window(T0 + timedelta(hours=hours), TAIL.until_at), metrics, "r")
    kept, fresh = tails.families(later), by_family(world.room.events.measure(later))
    assert memory.recall("r", metrics).keys() == set(metrics)
    assert next(clock) == 120, "the second was not read"
    for name in metrics:
        assert sorted(map(str, kept[name])) == sorted(map(str, fresh.get(name, []))), name
    assert any(fresh.values())
