"""What happened to a rollout over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rollout_core.insight.scene import scene
from rollout_core.insight.timeline import following, spent, stays, steps
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import World

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def epoch(number: int, day: int, phase: str | None) -> Epoch:
    return Epoch("r", number, BEGAN + timedelta(days=day), phase, 1_000, {}, {}, frozenset(), "advance", 1)


def test_a_phase_that_was_entered_twice_lasted_both_stays_and_nothing_between() -> None:
    # one: days 0 to 3; two: 3 to 4; back in one: 4 to 9; two again: since 9, and it is day 12.
    epochs = (epoch(1, 0, "one"), epoch(2, 3, "two"), epoch(3, 4, "one"), epoch(4, 6, "one"), epoch(5, 9, "two"))
    now = BEGAN + timedelta(days=12)
    assert spent(epochs, "one", now) == timedelta(days=3 + 5)
    assert spent(epochs, "two", now) == timedelta(days=1 + 3)
    assert spent(epochs, "three", now) is None
    assert [stays(epochs, phase) for phase in ("one", "two", "three")] == [2, 2, 0]


def test_the_phase_ahead_is_where_an_advance_goes(empty: World) -> None:
    def ahead(**changes: object) -> str | None:
        found = scene(empty.room, "r")
        found = replace(found, rollout=replace(found.rollout, **changes))
        step = following(found, steps(found))
        return step.key if step else None

    assert ahead(phase=None, percentage=0) == "one"
    assert ahead(phase="one", percentage=50_000) == "two"
    assert ahead(phase="one", percentage=40_000) == "one", "reduced within it: first back to its own share"
    assert ahead(phase="two", percentage=100_000) is None
