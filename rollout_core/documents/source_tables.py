"""CSV and Parquet files as rows, read with Arrow in chunks. Every CSV cell is text; the mapping says what it means."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from rollout_core.documents.findings import did_you_mean
from rollout_core.documents.mapping import Source
from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event_checks import Refusal, Rejected

CHUNK_ROWS = 2_000_000
"""Rows that are held (and sorted by time) at once; a longer file is read in several such chunks."""
BLOCK_BYTES = 8 << 20
WHITESPACE = "whitespace"


@dataclass
class Chunk:
    """A run of rows. `first` is the number of its first row in the file (0-based), `bad` are lines that are no rows."""

    first: int
    rows: Any
    bad: Sequence[Rejected] = ()
    done: float = 1.0


@dataclass
class TableRows:
    """Rows of an Arrow table; columns become Python values when asked for, once."""

    table: pa.Table
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> Sequence[Any]:
        if name not in self._columns:
            if name not in self.table.column_names:
                raise unknown_column(name, self.table.column_names)
            self._columns[name] = self.table.column(name).to_pylist()
        return self._columns[name]

    def raw(self, index: int) -> str:
        return str(self.table.slice(index, 1).to_pylist()[0])[:4096]

    def with_constant(self, name: str, value: str) -> TableRows:
        """The rows with one more column that is the same in each."""
        return TableRows(self.table.append_column(name, pa.repeat(value, self.count)))

    def take(self, places: Sequence[int]) -> TableRows:
        """The rows at these places, in this order."""
        return TableRows(self.table.take(pa.array(places, pa.int64())))


def unknown_column(name: str, known: Sequence[str]) -> InvalidRequest:
    """The error for a column that the file does not have."""
    return InvalidRequest(f"The file has no column {name!r}{did_you_mean(name, known)}.",
                          mend=f"Its columns are: {', '.join(known)}. Correct the mapping.", column=name)


def csv_chunks(path: Path, source: Source) -> Iterator[Chunk]:
    """The rows of a CSV file, gz and bz2 by suffix. Raises InvalidRequest for a file that is no such text."""
    bad = _BadLines()
    size = max(path.stat().st_size, 1)
    try:
        with path.open("rb") as stream:
            reader = pyarrow.csv.open_csv(
                _text_of(path, stream, source.delimiter),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=source.encoding,
                                        column_names=list(source.columns) or None),
                pyarrow.csv.ParseOptions(delimiter="," if source.delimiter == WHITESPACE else source.delimiter,
                                         invalid_row_handler=bad.note, newlines_in_values=True),
                pyarrow.csv.ConvertOptions(default_column_type=pa.string(), null_values=list(source.absent),
                                           strings_can_be_null=True, quoted_strings_can_be_null=True))
            _ = reader.schema.names         # raises UnicodeError here and not where a row is read
            yield from _gathered(reader, bad, lambda: min(stream.tell() / size, 1.0))
    except (pa.ArrowException, OSError, LookupError, UnicodeError) as error:
        raise InvalidRequest(f"{path.name} cannot be read as {source.format}: {error}",
                             mend="Check `source` in the mapping: format, delimiter, encoding.") from error


def parquet_chunks(path: Path, source: Source) -> Iterator[Chunk]:
    """The rows of a Parquet file. Raises InvalidRequest for a file that is none."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            first, total = 0, max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(batch_size=CHUNK_ROWS):
                yield Chunk(first, TableRows(pa.Table.from_batches([batch])), done=(first + batch.num_rows) / total)
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InvalidRequest(f"{path.name} cannot be read as parquet: {error}", mend="Check the file.") from error


def _gathered(reader: Any, bad: _BadLines, done: Callable[[], float]) -> Iterator[Chunk]:
    """Blocks gathered to chunks of CHUNK_ROWS."""
    first, held, rows = 0, [], 0
    for batch in reader:
        held.append(batch)
        rows += batch.num_rows
        if rows >= CHUNK_ROWS:
            yield Chunk(first, TableRows(pa.Table.from_batches(held)), bad.taken(), done())
            first, held, rows = first + rows, [], 0
    letters = bad.taken()
    if held or letters:
        yield Chunk(first, TableRows(pa.Table.from_batches(held, reader.schema)), letters)


@dataclass
class _BadLines:
    """Collects lines with the wrong number of cells."""

    letters: list[Rejected] = field(default_factory=list)

    def note(self, row: Any) -> str:
        detail = f"line has {row.actual_columns} cells, not {row.expected_columns}"
        where = f"row {row.number}: " if row.number is not None else ""
        self.letters.append(Rejected(Refusal.UNREADABLE, where + detail, raw=str(row.text)[:4096]))
        return "skip"

    def taken(self) -> tuple[Rejected, ...]:
        letters, self.letters = tuple(self.letters), []
        return letters


def opened(path: Path, stream: Any) -> Any:
    """The uncompressed bytes of a file, by its suffix (gz, bz2)."""
    kind = {".gz": "gzip", ".bz2": "bz2"}.get(path.suffix.lower())
    return pa.CompressedInputStream(pa.PythonFile(stream), kind) if kind else pa.PythonFile(stream)


def _text_of(path: Path, stream: Any, delimiter: str) -> Any:
    text = opened(path, stream)
    if delimiter != WHITESPACE:
        return text
    lines = (b",".join(line.split()) for line in text.read().splitlines())
    return pa.BufferReader(io.BytesIO(b"\n".join(lines)).getvalue())
