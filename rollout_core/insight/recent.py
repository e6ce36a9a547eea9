"""The newest stretch that holds enough data: an hour, else a day, else since the epoch began.

A glance must be of now, and a number from three requests is no glance. The window used is in every answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar

from rollout_core.insight.formulas import Asked
from rollout_core.insight.measure import measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.rule_sums import sums_of_rules, too_few
from rollout_core.insight.scene import Scene
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.event_store import EventStore
from rollout_core.rollouts.phase import Comparison

T = TypeVar("T")
STEPS = (timedelta(hours=1), timedelta(days=1))
PEOPLE = frozenset({"adoption_rate", "adoption_floor", "social_adoption", "stickiness"})
"""Metrics of people at an age: an hour of them means nothing, so they are taken over the phase."""


def recent(events: EventStore, scene: Scene, key: str, *, tag: str | None = None,
           age: timedelta | None = None) -> Measured:
    """The metric in treatment over the shortest window with the minimum sample. People: over the phase."""
    asked = Asked(CATALOG[key], tag=tag, age=age, waived_counts=True)
    begun = scene.rollout.epoch_began_at or scene.now - STEPS[-1]
    if key in PEOPLE:
        return over_phase(events, scene, key, tag=tag, age=age)
    return _once(scene, ("recent", key, tag, age, begun), lambda: _newest(events, scene, asked, begun))


def _newest(events: EventStore, scene: Scene, asked: Asked, begun: datetime) -> Measured:
    *shorter, longest = _windows(scene.now, begun)
    for window in shorter:
        measuring = _counted(events, scene, window)
        measured = None if too_few(measuring, asked) else measure(measuring, asked)
        if measured is not None and measured.quality is Quality.OK:
            return measured
    return measure(_counted(events, scene, longest), asked)


def _counted(events: EventStore, scene: Scene, window: Window) -> Measuring:
    """The window with the sums of all rules in it: one question for all of them."""
    def counted() -> Measuring:
        measuring = Measuring(events, scene, window)
        measuring.prefetch(sums_of_rules(scene.plan))
        return measuring
    return _once(scene, ("counted", window), counted)


def _once(scene: Scene, what: Hashable, make: Callable[[], T]) -> T:
    """What is made of a scene, once: alerts, pause conditions and the score look at the same numbers."""
    if what not in scene.asked:
        scene.asked[what] = make()
    found: T = scene.asked[what]
    return found


def over_phase(events: EventStore, scene: Scene, key: str, *, tag: str | None = None,
               age: timedelta | None = None) -> Measured:
    """The metric in treatment of those first exposed in the present phase."""
    begun = scene.rollout.phase_entered_at or scene.rollout.started_at or scene.now - STEPS[-1]
    window = Window(min(begun, scene.now - timedelta(seconds=1)), scene.now)
    return _once(scene, ("over", key, tag, age, window), lambda: measure(
        Measuring(events, scene, window), Asked(CATALOG[key], tag=tag, age=age)))


def for_rule(events: EventStore, scene: Scene, key: str, comparison: Comparison | None, *, tag: str | None = None,
             after: timedelta | None = None) -> Measured:
    """What a pause condition or an alert looks at: adoption below a floor is looked at at the floor's (short) age."""
    if key == "adoption_rate" and comparison in (Comparison.BELOW, Comparison.AT_MOST):
        return over_phase(events, scene, key, tag=tag, age=after or scene.plan.measurement.adoption_floor_age)
    return recent(events, scene, key, tag=tag)


def _windows(now: datetime, begun: datetime) -> list[Window]:
    """Growing windows that end now and begin no earlier than `begun`, the last one at `begun` itself."""
    spans = [_whole_hour(now - step) for step in STEPS]
    return [Window(since, now) for since in (*(since for since in spans if since > begun),
                                             min(begun, now - timedelta(seconds=1)))]


def _whole_hour(moment: datetime) -> datetime:
    """Windows begin with an hour, since that is what rollups hold."""
    return moment.replace(minute=0, second=0, microsecond=0)
