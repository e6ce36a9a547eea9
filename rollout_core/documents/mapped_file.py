"""Foreign files for import: opened by a mapping, sorted by time, cut into batches that are the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rollout_core.documents.mapped_events import events_of, subjects_of
from rollout_core.documents.mapping import FileMapping, Joined, Source
from rollout_core.documents.mapping_shape import load_mapping, write_mapping
from rollout_core.documents.mapping_times import instants
from rollout_core.documents.mapping_values import cells_of
from rollout_core.documents.source_lines import lines_of
from rollout_core.documents.source_records import LevelledRecords, json_chunks, jsonl_chunks
from rollout_core.documents.source_tables import Chunk, TableRows, csv_chunks, parquet_chunks
from rollout_core.errors import InvalidRequest
from rollout_core.ports.import_source import ImportBatch

BATCH_ROWS = 20_000
"""Rows of one level that are turned into one batch, and so into one transaction."""
_LAST = datetime.max.replace(tzinfo=UTC)

READERS: Mapping[str, Callable[[Path, Source], Iterator[Chunk]]] = {
    "csv": csv_chunks, "parquet": parquet_chunks, "json": json_chunks, "jsonl": jsonl_chunks,
}
"""Source format -> what reads it."""


def open_file(file: str, mapping: str) -> MappedFile:
    """A file of this machine as an import source. Raises InvalidDocument for the mapping, InvalidRequest for the file.
    """
    understood, path = load_mapping(Path(mapping)), Path(file)
    if not path.is_file():
        raise InvalidRequest(f"There is no file {file}.", mend="Check the path.", file=file)
    return MappedFile(path, understood, content_hash(path))


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class MappedFile:
    """A file with the mapping that explains it."""

    path: Path
    mapping: FileMapping
    content: str
    batch_rows: int = BATCH_ROWS

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def identity(self) -> str:
        """SHA-256 over content and mapping: a corrected mapping is another import of the same events."""
        return hashlib.sha256(f"{self.content}\n{write_mapping(self.mapping)}".encode()).hexdigest()

    def batches(self) -> Iterator[ImportBatch]:
        """The whole file. Raises InvalidRequest where it is not what the mapping says."""
        before = 0.0
        for number, chunk in enumerate(self._chunks()):
            if chunk.bad:
                yield ImportBatch(f"{number}.bad", rejected=chunk.bad, rows=len(chunk.bad), done=before)
            for level in self._levels():
                yield from self._of_level(number, chunk, level, before)
            before = chunk.done

    def _chunks(self) -> Iterator[Chunk]:
        """The file's chunks, with the file's name as a column where the mapping wants it."""
        source = self.mapping.source
        for chunk in READERS[source.format](self.path, source):
            if source.file_column and isinstance(chunk.rows, TableRows):
                chunk.rows = chunk.rows.with_constant(source.file_column, self.path.name.partition(".")[0])
            yield chunk

    def _levels(self) -> list[str | None]:
        named = [event.level for event in self.mapping.events] + [of.level for of in self.mapping.subjects]
        return list(dict.fromkeys(named))

    def _of_level(self, number: int, chunk: Chunk, level: str | None, before: float) -> Iterator[ImportBatch]:
        rows = chunk.rows.at(level) if isinstance(chunk.rows, LevelledRecords) else chunk.rows
        order = self._in_time(rows, level)
        for start in range(0, len(order), self.batch_rows):
            places = order[start:start + self.batch_rows]
            done = before + (chunk.done - before) * (start + len(places)) / len(order)
            yield self._batch(f"{number}.{level or ''}.{start}", rows.take(places),
                              [chunk.first + place for place in places], level, done)

    def _in_time(self, rows: Any, level: str | None) -> list[int]:
        """The places of the rows, sorted by the time of the level's first event; rows without a time come last."""
        moment = next((one.occurred_at for one in self.mapping.events if one.level == level), None)
        if moment is None:
            return list(range(rows.count))
        times = [when if isinstance(when, datetime) else _LAST
                 for when in instants(moment, rows.column(moment.column))]
        return sorted(range(rows.count), key=times.__getitem__)

    def _batch(self, offset: str, rows: Any, numbers: Sequence[int], level: str | None, done: float) -> ImportBatch:
        names = self._row_names(rows, numbers, level)
        events, subjects, rejected = [], [], []
        for index, template in enumerate(self.mapping.events):
            if template.level == level:
                made, refused = events_of(template, rows, [f"{name}.{index}" for name in names], numbers)
                events += made
                rejected += refused
        for of in self.mapping.subjects:
            if of.level == level:
                known, refused = subjects_of(of, rows, numbers)
                subjects += known
                rejected += refused
        events.sort(key=lambda event: event.occurred_at)
        return ImportBatch(offset, events, subjects, rejected, rows.count, done, _NumberOf(names, numbers))

    def lines(self, rows: Collection[int]) -> Mapping[int, int]:
        """See ImportSource."""
        return lines_of(self.path, self.mapping.source, rows)

    def _row_names(self, rows: Any, numbers: Sequence[int], level: str | None) -> list[str]:
        """What names each row for ever: its identity columns, else the file's content and its place."""
        if self.mapping.identity:
            cells = cells_of(Joined(self.mapping.identity, ":"), rows)
            return [f"{self.mapping.key}:{cell}" for cell in cells]
        prefix = f"{self.content[:16]}:{level or ''}"
        return [f"{prefix}{number}" for number in numbers]


@dataclass(frozen=True, slots=True)
class _NumberOf:
    """Event id -> the place of its row in the file; looked for only when an event is refused."""

    names: Sequence[str]
    numbers: Sequence[int]

    def __call__(self, event_id: str) -> int | None:
        name = event_id.rpartition(".")[0]
        return self.numbers[self.names.index(name)] if name in self.names else None
