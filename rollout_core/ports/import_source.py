"""A file to be imported, as the verb sees it: batches of events or subjects in a fixed order. Parsing is behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rollout_core.metrics.event import Event
from rollout_core.metrics.event_checks import Rejected
from rollout_core.ports.control_records import Subject


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """What lies at `offset`. The same file and mapping always give the same batches in the same order.

    `rejected` are rows that could not be read; `done` is the share of the file that is read (0..1); `row_of` tells the
    row (0-based) that an event of `events` came from, by its id.
    """

    offset: str
    events: Sequence[Event] = ()
    subjects: Sequence[Subject] = ()
    rejected: Sequence[Rejected] = ()
    rows: int = 0
    done: float = 0.0
    row_of: Callable[[str], int | None] = lambda event_id: None


class ImportSource(Protocol):
    """An opened file with its mapping."""

    @property
    def identity(self) -> str:
        """A hash of the file's content and of the mapping: names the batches, so that a repetition adds nothing."""
        ...

    @property
    def name(self) -> str:
        """The file's name, for the trail."""
        ...

    def batches(self) -> Iterator[ImportBatch]:
        """The whole file; the events of a batch are sorted by time.

        Raises InvalidRequest where the file is not what the mapping says.
        """
        ...

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """The lines (1-based) at which some rows (0-based) begin; those that have none are left out."""
        ...


class OpenImport(Protocol):
    """Opens a file with its mapping document."""

    def __call__(self, file: str, mapping: str) -> ImportSource:
        """Raises InvalidDocument for the mapping, InvalidRequest for the file."""
        ...
