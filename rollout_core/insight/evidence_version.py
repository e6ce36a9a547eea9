"""Which epochs a rollout is judged on, and when somebody in them may have changed sides.

A version is the epochs since the last start, declared release, plan migration or resume after proven harm. Epochs
become ordinals 1, 2, …
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.insight.scene import Scene
from rollout_core.metrics.measured import Window
from rollout_core.ports.evidence_questions import Crossing
from rollout_core.rollouts.rollout import Epoch


@dataclass(frozen=True, slots=True)
class Version:
    """The epochs of one evidence version, oldest first, and the window they span."""

    rollout: str
    epochs: tuple[int, ...]
    window: Window
    newest_at: datetime
    restart: int = 1
    crossings: tuple[Crossing, ...] = ()

    def ordinal(self, epoch: int) -> int:
        """1 for the version's first epoch."""
        return self.epochs.index(epoch) + 1


@dataclass(frozen=True, slots=True)
class Recent:
    """The last one or two days: since the midnight (UTC) that began yesterday, the day-th day of the version."""

    day: int
    since_at: datetime


def midnight_of(moment: datetime) -> datetime:
    """The beginning of its day (UTC)."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def recent_of(version: Version) -> Recent | None:
    """Yesterday and today; None in the first two days, of which the evidence since the start is made."""
    midnight = midnight_of(version.window.until_at - timedelta(days=1))
    day = (midnight - midnight_of(version.window.since_at)).days + 1
    return Recent(day, midnight) if day > 1 else None


def version_of(scene: Scene, until_at: datetime, restart_epoch: int | None = None) -> Version | None:
    """The version in force, or None before the first start."""
    rollout = scene.rollout
    epochs = [epoch for epoch in scene.epochs if epoch.evidence_version == rollout.evidence_version]
    if not epochs:
        return None
    numbers = tuple(epoch.number for epoch in epochs)
    restart = numbers.index(restart_epoch) + 1 if restart_epoch in numbers else 1
    return Version(rollout.key, numbers, Window(epochs[0].began_at, max(until_at, epochs[0].began_at)),
                   epochs[-1].began_at, restart, tuple(crossings_of(epochs)))


def crossings_of(epochs: Sequence[Epoch]) -> Iterator[Crossing]:
    """From when on somebody of an epoch may be moved to the other side: out of treatment by the first later epoch in
    which any audience's threshold is lower than it was then, out of control by the first in which any is higher."""
    for place, epoch in enumerate(epochs):
        later = epochs[place + 1:]
        for side, moves in (("treatment", _lowers), ("control", _raises)):
            found = next((each for each in later if moves(epoch, each)), None)
            if found is not None:
                yield Crossing(epoch.number, side, found.began_at)


def _lowers(earlier: Epoch, later: Epoch) -> bool:
    return any(later.thresholds.get(key, 0) < threshold for key, threshold in earlier.thresholds.items())


def _raises(earlier: Epoch, later: Epoch) -> bool:
    return any(threshold > earlier.thresholds.get(key, 0) for key, threshold in later.thresholds.items())


def per_hour(version: Version, treated: Mapping[int, int]) -> float | None:
    """Treatment's inflow an hour: of the newest epoch once it has lasted a day, else since the version began.

    `treated` counts by ordinal of the epoch.
    """
    newest = version.window.until_at - version.newest_at
    if newest >= timedelta(days=1) and treated.get(len(version.epochs), 0):
        return treated[len(version.epochs)] / (newest / timedelta(hours=1))
    hours = (version.window.until_at - version.window.since_at) / timedelta(hours=1)
    return sum(treated.values()) / hours if hours > 0 and any(treated.values()) else None
