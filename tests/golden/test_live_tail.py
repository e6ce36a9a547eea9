"""Rollups and the raw events behind the watermark give one answer, wherever the watermark stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.insight.measure import by_key
from rollout_core.metrics.catalog import METRICS
from rollout_core.metrics.formula import Mean, Percentile, PromoterScore, Proportion, Satisfaction
from tests.golden.made_world import World

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
