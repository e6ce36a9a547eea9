"""Rollups and the raw events behind the watermark give one answer, wherever the watermark stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.insight.measure import by_key
from rollout_core.insight.tail import families_of
from rollout_core.metrics.catalog import METRICS
from rollout_core.metrics.formula import Mean, Percentile, PromoterScore, Proportion, Satisfaction
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Ratings, Timeline, TimelineBins, Totals
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
