"""The event store of a room that has none: flags, pause and stop go on, every question about events says why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from threading import Event
from typing import Any, NoReturn

from rollout_core.errors import StoreError, StoreUnavailable
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.ports.event_questions import Rows
from rollout_core.ports.event_store import (
    Asked,
    Batch,
    Closed,
    Forgotten,
    Found,
    FrozenValue,
    MirroredEpoch,
    MirroredRollout,
    Prepared,
    Retained,
    StoreCondition,
    Written,
)


class ClosedEventStore:
    """Every method raises StoreUnavailable with the reason it was made with; `condition` reports it."""

    def __init__(self, path: Path, reason: StoreError) -> None:
        self.path = path
        self.reason = reason

    def _say(self) -> NoReturn:
        raise StoreUnavailable(f"The event store is closed: {self.reason.message}",
                               mend=self.reason.mend or "`rollout doctor` tells more.",
                               cause=type(self.reason).__name__) from self.reason

    def write(self, batch: Batch) -> Written:
        """Raises StoreUnavailable."""
        self._say()

    def prepare(self, sheets: Sequence[Sheet]) -> Prepared | None:
        """Raises StoreUnavailable."""
        self._say()

    def close_windows(self, now: datetime, *, days: int = 60) -> Closed:
        """Raises StoreUnavailable."""
        self._say()

    def mirror(self, rollouts: Sequence[MirroredRollout], epochs: Sequence[MirroredEpoch],
               frozen: Sequence[FrozenValue] = ()) -> None:
        """Raises StoreUnavailable."""
        self._say()

    def mirror_subjects(self, unit: str, subjects: Iterable[tuple[str, Mapping[str, Any] | None]]) -> int:
        """Raises StoreUnavailable."""
        self._say()

    def measure(self, question: Any) -> Rows:
        """Raises StoreUnavailable."""
        self._say()

    def one_state(self) -> AbstractContextManager[Asked]:
        """Raises StoreUnavailable."""
        self._say()

    def query(self, sql: str, *, limit: int = 10_000, seconds: float = 10.0,
              called_off: Event | None = None) -> Found:
        """Raises StoreUnavailable."""
        self._say()

    def forget(self, unit: str, subject: str) -> Forgotten:
        """Raises StoreUnavailable."""
        self._say()

    def forget_keys(self, keys: Collection[int]) -> Mapping[str, int]:
        """Raises StoreUnavailable."""
        self._say()

    def retain(self, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
        """Raises StoreUnavailable."""
        self._say()

    def export(self, directory: Path, *, tables: Sequence[str] = (), since: date | None = None,
               until: date | None = None) -> tuple[Path, ...]:
        """Raises StoreUnavailable."""
        self._say()

    def snapshot(self, path: Path) -> Path:
        """Raises StoreUnavailable."""
        self._say()

    def condition(self) -> StoreCondition:
        """The reason as the one problem."""
        size = self.path.stat().st_size if self.path.exists() else 0
        return StoreCondition(path=str(self.path), version=0, file_bytes=size, wal_bytes=0, free_bytes=0,
                              holder_pid=None, closed_until_at=None, days_behind=0, rows={}, dead_letters={},
                              problems=(str(self.reason),))

    def close(self) -> None:
        """Nothing is open."""
