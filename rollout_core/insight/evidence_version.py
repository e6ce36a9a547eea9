"""Which epochs a rollout is judged on, and when somebody in them may have changed sides.

A version is the epochs since the last start, declared release, plan migration or resume after proven harm. Epochs
become ordinals 1, 2, …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.insight.scene import Scene
from rollout_core.metrics.measured import Window
from rollout_core.ports.evidence_questions import Crossing
from rollout_core.rollouts.rollout import Epoch

HOUR = timedelta(hours=1)
A_DAY = 24.0
"""Hours after which an epoch's own inflow is the present one."""

@dataclass(frozen=True, slots=True)
class Version:
    """The epochs of one evidence version, oldest first, when each began, and the window they span."""

    rollout: str
    epochs: tuple[int, ...]
    window: Window
    begins: tuple[datetime, ...]
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
                   tuple(epoch.began_at for epoch in epochs), restart, tuple(crossings_of(epochs)))


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


def lasting(version: Version) -> dict[int, float]:
    """Hours that each epoch has lasted, by its ordinal."""
    until = version.window.until_at
    spans = zip(version.begins, (*version.begins[1:], until), strict=True)
    return {ordinal: max((min(end, until) - begin) / HOUR, 0.0) for ordinal, (begin, end) in enumerate(spans, start=1)}


def entering(version: Version, epochs: Sequence[int], entered_by: Callable[[datetime], datetime]) -> dict[int, float]:
    """Hours of each of these epochs in which treated subjects could enter whose outcome counts by now, by its ordinal.

    `entered_by` says until when one must have entered for an outcome to be known at a time. Where the treated may be
    moved to the other side, only outcomes that are known by then count.
    """
    moved = {each.epoch: each.at for each in version.crossings if each.side == "treatment"}
    found = {}
    for ordinal, hours in lasting(version).items():
        number, begin = version.epochs[ordinal - 1], version.begins[ordinal - 1]
        if number in epochs:
            known = entered_by(min(version.window.until_at, moved.get(number, version.window.until_at)))
            found[ordinal] = min(hours, max((known - begin) / HOUR, 0.0))
    return found


def per_hour(treated: Mapping[int, int], hours: Mapping[int, float]) -> float | None:
    """Treatment's inflow an hour: of the newest epoch once it has a day of hours, else of all. None: nobody came, or
    nobody could be counted yet.

    Both by ordinal of the epoch: who was counted, and the hours in which they entered.
    """
    newest, lasted = max(hours, default=0), sum(hours.values())
    if hours.get(newest, 0.0) >= A_DAY and treated.get(newest, 0):
        return treated[newest] / hours[newest]
    return sum(treated.values()) / lasted if lasted > 0.0 and any(treated.values()) else None
