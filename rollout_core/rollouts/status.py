"""A rollout's lifecycle: its statuses, its verbs and the one table that says which verb leads where."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a rollout is in its life."""

    DRAFT = "draft"
    READY = "ready"
    RUNNING = "running"
    HELD = "held"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"


class Verb(StrEnum):
    """What can be done to a rollout."""

    PREPARE = "prepare"
    START = "start"
    ADVANCE = "advance"
    SET_PERCENTAGE = "set_percentage"
    HOLD = "hold"
    PAUSE = "pause"
    RESUME = "resume"
    ROLL_BACK = "roll_back"
    COMPLETE = "complete"
    MIGRATE_PLAN = "migrate_plan"
    SET_OVERRIDE = "set_override"
    RELEASE_HOLDOUT = "release_holdout"
    STOP = "stop"


SAME = None
"""In TRANSITIONS: the status stays as it is."""

_ALIVE = (Status.RUNNING, Status.HELD, Status.PAUSED, Status.COMPLETED)

TRANSITIONS: dict[tuple[Status, Verb], Status | None] = {
    (Status.DRAFT, Verb.PREPARE): Status.READY,
    (Status.READY, Verb.PREPARE): Status.READY,
    (Status.READY, Verb.START): Status.RUNNING,
    (Status.RUNNING, Verb.ADVANCE): Status.RUNNING,
    (Status.HELD, Verb.ADVANCE): Status.RUNNING,
    (Status.RUNNING, Verb.SET_PERCENTAGE): Status.RUNNING,
    (Status.HELD, Verb.SET_PERCENTAGE): Status.HELD,
    (Status.COMPLETED, Verb.SET_PERCENTAGE): Status.HELD,
    (Status.RUNNING, Verb.HOLD): Status.HELD,
    (Status.HELD, Verb.HOLD): Status.HELD,
    **{(status, Verb.PAUSE): Status.PAUSED for status in _ALIVE},
    (Status.PAUSED, Verb.RESUME): Status.RUNNING,
    (Status.HELD, Verb.RESUME): Status.RUNNING,
    (Status.STOPPED, Verb.RESUME): Status.RUNNING,
    **{(status, Verb.ROLL_BACK): Status.HELD for status in _ALIVE},
    (Status.RUNNING, Verb.COMPLETE): Status.COMPLETED,
    (Status.HELD, Verb.COMPLETE): Status.COMPLETED,
    **{(status, Verb.MIGRATE_PLAN): SAME for status in Status if status is not Status.STOPPED},
    **{(status, Verb.SET_OVERRIDE): SAME for status in Status},
    **{(status, Verb.RELEASE_HOLDOUT): SAME for status in (Status.RUNNING, Status.HELD, Status.COMPLETED)},
    **{(status, Verb.STOP): Status.STOPPED for status in Status},
}
"""(status, verb) -> the next status. A pair that is not here is refused."""

SERVING = frozenset({Status.RUNNING, Status.HELD, Status.COMPLETED})
"""The statuses in which anybody is served by percentage."""
