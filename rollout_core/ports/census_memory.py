"""The last count of each rollout's population, so that a verb that must not wait can still say how many it moves."""

from __future__ import annotations

from threading import Lock

from rollout_core.rollouts.census import Census


class CensusMemory:
    """Counts by rollout key. Kept in memory only: a count is a fact about a moment, never state."""

    def __init__(self) -> None:
        self._counts: dict[str, Census] = {}
        self._lock = Lock()

    def remember(self, rollout: str, census: Census) -> None:
        """Keeps the newest count of a rollout."""
        with self._lock:
            self._counts[rollout] = census

    def recall(self, rollout: str) -> Census | None:
        """The newest count, or None when there was none since the start."""
        return self._counts.get(rollout)
