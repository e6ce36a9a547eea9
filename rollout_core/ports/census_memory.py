"""The last count of each rollout's population, so that a verb that must not wait can still say how many it moves."""

from __future__ import annotations

from threading import Lock

from rollout_core.rollouts.census import Census, Population


class CensusMemory:
    """Counts by rollout and plan version. Kept in memory only: a count is a fact about a moment, never state."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[Population, Census]] = {}
        self._old: set[str] = set()
        self._lock = Lock()

    def remember(self, key: str, counted: Population, census: Census) -> None:
        """Keeps the newest count of a rollout, and what was counted."""
        with self._lock:
            self._counts[key] = counted, census
            self._old.discard(key)

    def outdate(self) -> None:
        """The register has changed since: what is known still answers, until it is counted anew."""
        with self._lock:
            self._old = set(self._counts)

    def outdated(self) -> dict[str, Population]:
        """What was counted before the register changed, by key."""
        with self._lock:
            return {key: self._counts[key][0] for key in self._old}

    def recall(self, key: str, counted: Population | None = None) -> Census | None:
        """The newest count; None when there was none since the start, or none of exactly what is asked for."""
        known = self._counts.get(key)
        return None if known is None or (counted is not None and counted != known[0]) else known[1]
