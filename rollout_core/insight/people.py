"""How many subjects stand where, by their recorded exposures."""

from __future__ import annotations

from datetime import timedelta

from rollout_core.insight.measuring import CONTROL, MEMBERS, Measuring
from rollout_core.insight.scene import Scene
from rollout_core.insight.window import floored
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import LEFT_OUT_ARMS, Rows, SpanCounts
from rollout_core.ports.event_store import EventStore


def exposed_now(events: EventStore, scene: Scene) -> int | None:
    """Subjects whose exposure to the treatment is in force, as of the last full 5 minutes; None before the start."""
    if scene.rollout.started_at is None:
        return None
    return sum(int(row["subjects"]) for row in _stood(events, scene).records() if row["arm"] == "treatment")


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
    for row in _stood(events, scene).records():
        if row["arm"] in LEFT_OUT_ARMS:
            counted[row["arm"]] = counted.get(row["arm"], 0) + row["subjects"]
    return tuple(sorted(counted.items()))


def has_control(events: EventStore, scene: Scene) -> bool:
    """True while somebody is in control."""
    def any_in(rows: Rows) -> bool:
        return any(row["arm"] in MEMBERS[CONTROL] and row["subjects"] for row in rows.records())

    return any_in(_stood(events, scene)) or any_in(events.measure(SpanCounts(scene.rollout.key, scene.now)))


def _stood(events: EventStore, scene: Scene) -> Rows:
    """Where subjects stood at the last full 5 minutes: counting them reads the spans of everybody, so that it is done
    once for each closed window."""
    return Measuring(events, scene, Window(scene.now, scene.now)).ask(SpanCounts(scene.rollout.key, floored(scene.now)))
