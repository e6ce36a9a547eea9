"""The snapshot that evaluations read: one reference, swapped whole. Evaluation never waits for a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock

from rollout_core.flags.evaluation import compile_rollout
from rollout_core.flags.snapshot import ServedRollout, Snapshot


class LiveSnapshot:
    """Holds the current Snapshot. Readers take `current` without a lock; writers swap under one.

    An older revision never replaces a newer one, in whatever order threads come back from their commits. A halted
    rollout stays stopped, whatever is swapped in, until it is released.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.current = snapshot or Snapshot()
        self.halted: frozenset[str] = frozenset()
        self._lock = Lock()

    def swap(self, served: ServedRollout) -> Snapshot:
        """Puts one rollout into the snapshot, unless a newer revision of it is there; returns the snapshot."""
        with self._lock:
            known = self.current.rollouts.get(served.key)
            if known is not None and known.revision > served.revision:
                return self.current
            return self._put({**self.current.rollouts, served.key: served})

    def replace(self, rollouts: Mapping[str, ServedRollout]) -> Snapshot:
        """Replaces all rollouts at once (start, migration, restore)."""
        with self._lock:
            return self._put(dict(rollouts))

    def halt(self, key: str) -> bool:
        """Stops serving a rollout at once, before anything is committed; True when it was served."""
        with self._lock:
            self.halted |= {key}
            self._put(dict(self.current.rollouts))
            return key in self.current.rollouts

    def release(self, key: str) -> None:
        """Takes the halt back; what is swapped in next is served as it says."""
        with self._lock:
            self.halted -= {key}

    def _put(self, rollouts: dict[str, ServedRollout]) -> Snapshot:
        """The next snapshot, with what is halted marked as stopped; only what changed is compiled anew."""
        kept = {key: replace(served, stopped=True) if key in self.halted else served
                for key, served in rollouts.items()}
        before = self.current
        compiled = {key: before.compiled[key] if before.rollouts.get(key) is served else compile_rollout(served)
                    for key, served in kept.items()}
        self.current = Snapshot(version=before.version + 1, rollouts=kept, compiled=compiled)
        return self.current
