"""A file to import as the core sees it: batches of events and subjects, the same ones in the same order every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rollout_core.metrics.event import Event
from rollout_core.metrics.event_checks import Rejected
from rollout_core.ports.control_records import Subject


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Some rows of the file. `offset` names its place in the file and is stable; events are sorted by time.

    `rejected` are rows that could not be read, with the reason; `done` is the share of the file that is read (0..1).
    """

    offset: str
    rows: int
    events: Sequence[Event] = ()
    subjects: Sequence[Subject] = ()
    rejected: Sequence[Rejected] = ()
    done: float = 0.0


class ImportSource(Protocol):
    """An opened file with its mapping. `fingerprint` changes with the file's content and with the mapping."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over content and mapping, in hex."""
        ...

    def batches(self) -> Iterator[ImportBatch]:
        """The whole file, in order. Raises InvalidRequest where the file is not what the mapping says."""
        ...


class ImportSources(Protocol):
    """Opens files for import; the only reader of foreign formats."""

    def open(self, file: Path, mapping: Path) -> ImportSource:
        """The file as a source. Raises InvalidDocument for the mapping, InvalidRequest for the file."""
        ...
