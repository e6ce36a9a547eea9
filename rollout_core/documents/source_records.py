"""JSON and JSON lines as rows: records at nested levels, their fields named `level.field`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from rollout_core.documents.mapping import Level, Source
from rollout_core.documents.source_tables import Chunk, opened, unknown_column
from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event_checks import Refusal, Rejected

CHUNK_LINES = 200_000

MOST_BYTES = 256 << 20
"""Of a JSON document, unpacked, or of one line: a small packed file can hold any number."""

Record = Mapping[str, Any]


@dataclass
class RecordRows:
    """Rows of one level. Each is the chain of its records, from the first level down. Without levels: the record."""

    levels: tuple[str, ...]
    chains: Sequence[tuple[Record, ...]]
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.chains)

    def column(self, name: str) -> Sequence[Any]:
        if name not in self._columns:
            depth, key = self._place(name)
            self._columns[name] = [_cell(chain[depth], key) for chain in self.chains]
        return self._columns[name]

    def raw(self, index: int) -> str:
        return str(dict(self.chains[index][-1]))[:4096]

    def take(self, places: Sequence[int]) -> RecordRows:
        """The rows at these places, in this order."""
        return RecordRows(self.levels, [self.chains[place] for place in places])

    def _place(self, name: str) -> tuple[int, str]:
        if self.levels == ("",):
            return 0, name
        level, _, key = name.partition(".")
        if level not in self.levels or not key:
            raise unknown_column(name, [f"{one}.FIELD" for one in self.levels])
        return self.levels.index(level), key


def _cell(record: Any, key: str) -> Any:
    """A field; `a.b` looks into nested records. An absent field is None, as an explicit null is."""
    for part in key.split("."):
        record = record.get(part) if isinstance(record, Mapping) else None
    return record


@dataclass(frozen=True, slots=True)
class LevelledRecords:
    """The records of a chunk, ready to be looked at level by level."""

    source: Source
    records: Sequence[Record]

    def at(self, level: str | None) -> RecordRows:
        """The rows of a level; of the last one when none is named."""
        if not self.source.levels:
            return RecordRows(("",), [(record,) for record in self.records])
        path = _path_to(self.source.levels, level or self.source.levels[-1].key)
        chains: list[tuple[Record, ...]] = [(record,) for record in self.records]
        for step in path[1:]:
            above = [one.key for one in path].index(step.of or "")
            chains = [(*chain, item) for chain in chains for item in _items(_cell(chain[above], step.field or ""))]
        return RecordRows(tuple(one.key for one in path), chains)


def _path_to(levels: Sequence[Level], wanted: str) -> list[Level]:
    by_key = {level.key: level for level in levels}
    path = [by_key[wanted]]
    while path[0].of is not None:
        path.insert(0, by_key[path[0].of])
    return path


def _items(cell: Any) -> list[Record]:
    return [item for item in cell if isinstance(item, Mapping)] if isinstance(cell, list) else []


def json_chunks(path: Path, source: Source) -> Iterator[Chunk]:
    """The records of a JSON file: a list of them, or one. Raises InvalidRequest for what is no JSON, or too much."""
    with path.open("rb") as stream:
        try:
            text = opened(path, stream).read(MOST_BYTES + 1)
            if len(text) > MOST_BYTES:
                raise InvalidRequest(f"{path.name} holds more than {MOST_BYTES >> 20} MiB of JSON, read whole.",
                                     mend="Write one record a line (format jsonl): that is read piece by piece.",
                                     file=path.name)
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, OSError, RecursionError, UnicodeError) as error:
            raise InvalidRequest(f"{path.name} is no JSON: {error}", mend="For one record a line use jsonl.") from error
    records = found if isinstance(found, list) else [found]
    sound = [record for record in records if isinstance(record, Mapping)]
    bad = [_not_a_record(record) for record in records if not isinstance(record, Mapping)]
    yield Chunk(0, LevelledRecords(source, sound), bad)


def jsonl_chunks(path: Path, source: Source) -> Iterator[Chunk]:
    """The records of a file with one JSON record a line; lines that are none become dead letters."""
    first = 0
    records: list[Record] = []
    bad: list[Rejected] = []
    size = max(path.stat().st_size, 1)
    with path.open("rb") as stream:
        for number, line in enumerate(_lines(path, opened(path, stream)), 1):
            if not line.strip():
                continue
            record = _decoded(line)
            if isinstance(record, Rejected):
                bad.append(replace(record, detail=f"line {number}: {record.detail}"))
            else:
                records.append(record)
            if len(records) >= CHUNK_LINES:
                yield Chunk(first, LevelledRecords(source, records), bad, min(stream.tell() / size, 1.0))
                first, records, bad = first + len(records), [], []
    yield Chunk(first, LevelledRecords(source, records), bad)


def _lines(path: Path, text: Any) -> Iterator[bytes]:
    """The lines of a file, block by block. Raises InvalidRequest for one that is too long or cannot be unpacked."""
    held: list[bytes] = []
    try:
        while block := text.read(1 << 20):
            first, *others = block.split(b"\n")
            held.append(first)
            if others:
                yield b"".join(held)
                yield from others[:-1]
                held = [others[-1]]
            elif sum(map(len, held)) > MOST_BYTES:
                raise InvalidRequest(f"{path.name} has a line of more than {MOST_BYTES >> 20} MiB.",
                                     mend="Write one record a line.", file=path.name)
    except OSError as error:
        raise InvalidRequest(f"{path.name} cannot be unpacked: {error}", mend="Check the file.") from error
    yield b"".join(held)


def _decoded(line: bytes) -> Record | Rejected:
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return Rejected(Refusal.UNREADABLE, f"no JSON: {error}", raw=line[:4096].decode(errors="replace"))
    return record if isinstance(record, dict) else _not_a_record(record)


def _not_a_record(found: Any) -> Rejected:
    return Rejected(Refusal.UNREADABLE, "a record must be a JSON object", raw=str(found)[:4096])
