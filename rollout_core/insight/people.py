"""How many subjects stand where, by their recorded exposures."""

from __future__ import annotations

from datetime import timedelta

from rollout_core.insight.scene import Scene
from rollout_core.ports.event_questions import LEFT_OUT_ARMS, SpanCounts
from rollout_core.ports.event_store import EventStore


def exposed_now(events: EventStore, scene: Scene) -> int | None:
    """Subjects whose exposure to the treatment is in force; None before the start."""
    if scene.rollout.started_at is None:
        return None
    rows = events.measure(SpanCounts(scene.rollout.key, scene.now)).records()
    return sum(int(row["subjects"]) for row in rows if row["arm"] == "treatment")


SETTLED = timedelta(days=1)
"""How long people get to come before it means something that they were not shown it."""


def exposed_settled(events: EventStore, scene: Scene) -> int | None:
    """The same, and None too within a day after the shares changed: nobody can have come yet."""
    began_at = scene.rollout.epoch_began_at
    if began_at is None or scene.now - began_at < SETTLED:
        return None
    return exposed_now(events, scene)


def left_out(events: EventStore, scene: Scene) -> tuple[tuple[str, int], ...]:
    """Subjects that are in no comparison, by why."""
    counted: dict[str, int] = {}
    for row in events.measure(SpanCounts(scene.rollout.key, scene.now)).records():
        if row["arm"] in LEFT_OUT_ARMS:
            counted[row["arm"]] = counted.get(row["arm"], 0) + row["subjects"]
    return tuple(sorted(counted.items()))
