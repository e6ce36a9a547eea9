"""An event store that counts the register's mirror in plain Python and can be away. It stores batches in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rollout_core.errors import StoreUnavailable
from rollout_core.ports.event_store import Batch, Forgotten, Written
from rollout_core.rollouts.census import Census, Difference, Moved, Population
from tests.fakes.registers import Subjects, census_of, moved_between


class CountingEvents:
    """`away` True: every method raises StoreUnavailable. `asked` counts what was asked of it."""

    def __init__(self) -> None:
        self.subjects: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.batches: list[Batch] = []
        self.mirrored: list[Any] = []
        self.away = False
        self.asked = 0

    def mirror_subjects(self, unit: str, subjects: Iterable[tuple[str, Mapping[str, Any] | None]]) -> int:
        self._open()
        last = dict(subjects)
        for id, attributes in last.items():
            self.subjects.pop((unit, id), None)
            if attributes is not None:
                self.subjects[unit, id] = attributes
        return len(last)

    def measure(self, question: Any) -> Census | Moved:
        self._open()
        if isinstance(question, Difference):
            return moved_between(question, self._of(question.after.population.unit))
        if not isinstance(question, Population):
            raise StoreUnavailable("This fake only counts.")
        return census_of(question, self._of(question.unit))

    def _of(self, wanted: str) -> Subjects:
        return [(id, attributes) for (unit, id), attributes in self.subjects.items() if unit == wanted]

    def mirror(self, rollouts: Any, epochs: Any, frozen: Any = ()) -> None:
        self._open()
        self.mirrored = list(epochs)

    def write(self, batch: Batch) -> Written:
        self._open()
        if batch.token is not None and batch.token in {each.token for each in self.batches}:
            return Written(0, 0, 0, repeated=True)
        self.batches.append(batch)
        return Written(len(batch.events), 0, len(batch.rejected))

    def forget(self, unit: str, subject: str) -> Forgotten:
        self._open()
        return Forgotten({"register": int(self.subjects.pop((unit, subject), None) is not None)}, ())

    def snapshot(self, path: Path) -> Path:
        self._open()
        path.write_bytes(b"events")
        return path

    def close(self) -> None:
        """Nothing to release."""

    def _open(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("The event store is away.")
