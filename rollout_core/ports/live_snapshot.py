"""The snapshot that evaluations read: one reference, swapped whole. Evaluation never waits for a store."""

from __future__ import annotations

from threading import Lock

from rollout_core.flags.snapshot import ServedRollout, Snapshot


class LiveSnapshot:
    """Holds the current Snapshot. Readers take `current` without a lock; writers swap under one."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.current = snapshot or Snapshot()
        self._lock = Lock()

    def swap(self, served: ServedRollout) -> Snapshot:
        """Replaces one rollout in the snapshot and returns the new snapshot."""
        with self._lock:
            rollouts = {**self.current.rollouts, served.key: served}
            self.current = Snapshot(version=self.current.version + 1, rollouts=rollouts)
            return self.current

    def replace(self, rollouts: dict[str, ServedRollout]) -> Snapshot:
        """Replaces all rollouts at once (start, migration, restore)."""
        with self._lock:
            self.current = Snapshot(version=self.current.version + 1, rollouts=dict(rollouts))
            return self.current
