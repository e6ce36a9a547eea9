"""A rollout: a plan under way. An immutable value; verbs make the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rollout_core.flags.anchors import Anchors
from rollout_core.flags.holdout import NO_HOLDOUT, Holdout
from rollout_core.rollouts.status import Status


@dataclass(frozen=True, slots=True)
class Raise:
    """One raise of exposure: the planned share (buckets), the order its audiences were filled in, what they reached.

    The raises of a rollout, oldest first, never fall in any audience. They are the one order in which people came in:
    lowering goes back along it, so the last ones in go out first, and going up again brings back the same people.
    """

    percentage: int
    order: tuple[str, ...]
    thresholds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rollout:
    """State of one rollout. `percentage` and thresholds are buckets; times are UTC.

    `percentage` is what is planned to be served now (0 while paused); `phase` the one last entered; `ever` the highest
    threshold served per audience; `remembered` and `remembered_thresholds` what a pause or stop came from;
    `evidence_version` names the error budget in force; `revision` grows with every change of this value; `anchors` are
    the instants that time conditions look from (None: it never served, or was made before there were any).
    """

    key: str
    name: str
    plan: str
    plan_version: int
    unit: str
    salt: str
    status: Status
    created_at: datetime
    phase: str | None = None
    percentage: int = 0
    thresholds: Mapping[str, int] = field(default_factory=dict)
    ever: Mapping[str, int] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    epoch: int = 0
    epoch_began_at: datetime | None = None
    evidence_version: int = 1
    revision: int = 1
    holdout: Holdout = NO_HOLDOUT
    autopilot: str = "advise"
    remembered: int | None = None
    remembered_thresholds: Mapping[str, int] = field(default_factory=dict)
    raises: tuple[Raise, ...] = ()
    started_at: datetime | None = None
    phase_entered_at: datetime | None = None
    ended_at: datetime | None = None
    anchors: Anchors | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """One stretch with constant thresholds and flags. Opened by every change of either; never edited."""

    rollout: str
    number: int
    began_at: datetime
    phase: str | None
    percentage: int
    thresholds: Mapping[str, int]
    ever: Mapping[str, int]
    served: frozenset[str]
    cause: str
    evidence_version: int
    anchors: Anchors | None = None


def anchors_of(rollout: Rollout, at: datetime) -> Anchors:
    """Where time conditions look from; `at` for a rollout that has served nobody yet."""
    if rollout.anchors is not None:
        return rollout.anchors
    opened = [key for key, threshold in rollout.ever.items() if threshold]
    return Anchors.at((rollout.epoch_began_at or at) if opened else at, opened)
