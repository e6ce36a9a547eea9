"""Tails that were dear to read, kept for a while that grows with what they cost.

A tail holds what happened after the watermark and is read at every look. While 50,000 events come in a second it soon
holds millions, and reading those takes seconds. So a heavy tail is read again only after ten times as long as it took,
beside the looks, which meanwhile are given the one before: it is exact, of an instant a little while ago. A light tail
is never kept. What is decided never asks here (insight/look.py).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

Row = tuple[Any, ...]

HEAVY = 20_000
"""A tail whose sums count so many is kept; reading that many takes about 50 CPU ms."""
REST = 10
"""A kept tail is due after so many times as long as its reading took: a tenth of one core keeps it up."""
MOST_RESTS = 2 * REST
"""From then on nobody is given it: a look waits for a new one."""
TOLD = 0.5
"""Seconds from which on people are told: one that took less is never older than ten seconds."""

Key = tuple[str | None, str]
"""Rollout and family of metrics."""


@dataclass(frozen=True, slots=True)
class KeptTail:
    """What happened from `since_at` on as it was known at `read_at`; reading it took `seconds`. `state`: what makes it
    another one, whatever its age."""

    since_at: datetime
    read_at: datetime
    seconds: float
    state: Hashable
    rows: list[Row]

    def due(self, now: datetime) -> bool:
        """True when it is to be read again."""
        return now - self.read_at >= timedelta(seconds=REST * self.seconds)

    def too_old(self, now: datetime) -> bool:
        """True when no look is given it any more."""
        return now - self.read_at >= timedelta(seconds=MOST_RESTS * self.seconds)

    def serves(self, since_at: datetime, now: datetime, state: Hashable) -> bool:
        """True when a look at the store in this state is given it; none is that was before (the clock was set back)."""
        return (self.state == state and self.since_at <= since_at and self.read_at <= now and not self.too_old(now))


class TailMemory:
    """The kept tails of one store. In memory only, for any thread."""

    def __init__(self) -> None:
        self._kept: dict[Key, KeptTail] = {}
        self._renewed: set[Key] = set()
        self._turns: dict[str | None, Lock] = {}
        self._lock = Lock()

    def turn(self, rollout: str | None) -> AbstractContextManager[Any]:
        """Held while a look reads the tail of a rollout, so that those who come meanwhile find it read."""
        with self._lock:
            return self._turns.setdefault(rollout, Lock())

    def recall(self, rollout: str | None, families: Iterable[str]) -> Mapping[str, KeptTail]:
        """Those that are kept."""
        with self._lock:
            found = {name: self._kept.get((rollout, name)) for name in families}
        return {name: kept for name, kept in found.items() if kept is not None}

    def keep(self, rollout: str | None, now: datetime, tails: Mapping[str, KeptTail | None]) -> None:
        """Keeps them in the place of older ones (None: a light one), and forgets what has become too old at `now`."""
        with self._lock:
            for name, kept in tails.items():
                before = self._kept.pop((rollout, name), None)
                newest = before if before is not None and before.read_at > now else kept
                if newest is not None:
                    self._kept[rollout, name] = newest
            self._kept = {key: kept for key, kept in self._kept.items() if not kept.too_old(now)}

    def claim(self, rollout: str | None, families: Iterable[str]) -> tuple[str, ...]:
        """Those that nobody else is renewing; whoever claims them renews them and says `renewed`."""
        with self._lock:
            mine = tuple(name for name in families if (rollout, name) not in self._renewed)
            self._renewed |= {(rollout, name) for name in mine}
        return mine

    def renewed(self, rollout: str | None, families: Iterable[str]) -> None:
        """They have been renewed, or could not be."""
        with self._lock:
            self._renewed -= {(rollout, name) for name in families}

    def read_at(self, now: datetime) -> datetime | None:
        """Of which instant the oldest tail is that looks are given; None when none is older than a few seconds."""
        with self._lock:
            kept = tuple(self._kept.values())
        return min((each.read_at for each in kept if each.seconds >= TOLD and not each.too_old(now)), default=None)
