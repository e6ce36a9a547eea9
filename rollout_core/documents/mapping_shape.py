"""The shape of a mapping document (`format: rollout-mapping/1`): keys, codecs, and what must fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollout_core.documents.codec import UNREAD, Key, ListOf, MapOf, OneOf, Scalar, Text, refuse
from rollout_core.documents.findings import Findings
from rollout_core.documents.format_line import FormatLine
from rollout_core.documents.located import Located
from rollout_core.documents.mapping import (
    Column,
    Constant,
    EventTemplate,
    FileMapping,
    Joined,
    Level,
    Moment,
    Source,
    SubjectTemplate,
    When,
)
from rollout_core.documents.mapping_values import EVENT_FIELDS, TESTS
from rollout_core.documents.quantities import Duration, Quantity
from rollout_core.documents.record import Field, Record, below
from rollout_core.documents.yaml_source import read_yaml, write_yaml
from rollout_core.errors import InvalidDocument
from rollout_core.metrics.event import Kind

FORMAT = "rollout-mapping/1"
FILE_FORMATS = ("csv", "parquet", "jsonl", "json")
_NAMES = ListOf(Text())


@dataclass(frozen=True, slots=True)
class ValueCodec:
    """A constant (`value: 5`), a cell (`value: {column: rating}`) or cells as one text (`{columns: [a, b]}`)."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not node.is_mapping:
            constant = Scalar().read(node, path, found)
            return UNREAD if constant is UNREAD else Constant(constant)
        return (_JOINED if "columns" in node.entries else _COLUMN).read(node, path, found)

    def write(self, value: Any) -> object:
        if isinstance(value, Constant):
            return value.value
        return (_JOINED if isinstance(value, Joined) else _COLUMN).write(value)


@dataclass(frozen=True, slots=True)
class Instant:
    """A date or time in a document; without an offset it is UTC."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = node.value
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        if hasattr(value, "year"):
            return datetime.combine(value, datetime.min.time(), UTC)  # type: ignore[arg-type]
        return refuse(node, path, found, "a date", "such as 2020-01-31 or 2020-01-31T12:00:00Z")

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class Zone:
    """The name of a time zone."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        try:
            return str(ZoneInfo(str(node.value)))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return refuse(node, path, found, "a time zone", "such as UTC or Europe/Berlin")

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class TestPart:
    """The test of a condition: one key of TESTS with its argument."""

    __test__ = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(TESTS)

    def read(self, node: Located, path: str, found: Findings) -> dict[str, Any]:
        asked = [key for key in TESTS if key in node.entries]
        if len(asked) != 1:
            found.add(path, f"a condition needs exactly one test, not {len(asked)}", line=node.line,
                      allowed=", ".join(TESTS))
            return {"test": UNREAD}
        argument = node.entries[asked[0]]
        codec = MapOf(Scalar()) if argument.is_mapping else ListOf(Scalar(), unique=None)
        if not argument.is_mapping and not isinstance(argument.value, tuple):
            argument = Located((argument,), argument.line)
        return {"test": asked[0], "argument": codec.read(argument, below(path, asked[0]), found)}

    def write(self, record: Any) -> dict[str, object]:
        argument = record.argument
        return {record.test: dict(argument) if isinstance(argument, Mapping) else list(argument)}


_COLUMN = Record(Column, (
    Field("column", Text(), required=True), Field("values", MapOf(Scalar())), Field("otherwise", Scalar()),
    Field("times", Quantity()), Field("split", Text()),
))
_JOINED = Record(Joined, (Field("columns", _NAMES, required=True), Field("join", Text(empty=True))))
_MOMENT = Record(Moment, (
    Field("column", Text(), required=True), Field("time", Text()), Field("zone", Zone()), Field("since", Instant()),
    Field("plus", Duration()),
))
_WHEN = Record(When, (Field("column", Text(), required=True), TestPart()))
_VALUES = MapOf(ValueCodec())
_LEVEL = Record(Level, (Field("key", Key(), required=True), Field("of", Key()), Field("field", Text())))
_SOURCE = Record(Source, (
    Field("format", OneOf(FILE_FORMATS), required=True), Field("delimiter", Text()), Field("columns", _NAMES),
    Field("absent", ListOf(Text(empty=True))), Field("encoding", Text()), Field("levels", ListOf(_LEVEL)),
    Field("file_column", Text()),
))
_ROW = (Field("level", Key()), Field("when", ListOf(_WHEN)), Field("attributes", _VALUES))
_EVENT = Record(EventTemplate, (
    Field("kind", OneOf(tuple(Kind)), required=True), Field("occurred_at", _MOMENT, required=True), *_ROW,
    Field("units", _VALUES), Field("fields", _VALUES), Field("scale", ListOf(Quantity(), unique=None)),
))
_SUBJECT = Record(SubjectTemplate, (
    Field("unit", Key(), required=True), Field("id", ValueCodec(), required=True), *_ROW,
    Field("times", MapOf(_MOMENT)),
))
MAPPING = Record(FileMapping, (
    FormatLine(FORMAT), Field("key", Key(), required=True), Field("name", Text(), required=True),
    Field("description", Text()), Field("source", _SOURCE, required=True), Field("identity", _NAMES),
    Field("events", ListOf(_EVENT)), Field("subjects", ListOf(_SUBJECT)),
))


def read_mapping(text: str, file: str = "") -> FileMapping:
    """The mapping in a YAML text. Raises InvalidDocument with every mistake."""
    found = Findings(file)
    tree = read_yaml(text, found)
    mapping = MAPPING.read(tree, "", found) if tree is not None else UNREAD
    if mapping is not UNREAD and tree is not None:
        _check_fit(cast(FileMapping, mapping), tree, found)
    if mapping is UNREAD or found:
        raise InvalidDocument(f"The mapping {file or 'document'} cannot be used.", found.problems,
                              mend="Correct the lines below and try again.")
    return cast(FileMapping, mapping)


def load_mapping(path: Path) -> FileMapping:
    """The mapping in a file. Raises InvalidDocument."""
    try:
        return read_mapping(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path} cannot be read: {error}.", mend="Check the path; save it as UTF-8.") from error


def write_mapping(mapping: FileMapping) -> str:
    """A mapping as YAML text that reads back as the same mapping."""
    return write_yaml(MAPPING.write(mapping))


def _check_fit(mapping: FileMapping, tree: Located, found: Findings) -> None:
    levels = [level.key for level in mapping.source.levels]
    for index, level in enumerate(mapping.source.levels):
        where = f"source.levels[{index}]"
        if (level.of is None) != (index == 0) or (level.field is None) != (index == 0):
            found.add(where, "the first level is the file's own records; every other needs `of` and `field`",
                      line=tree.line_of(where))
        elif level.of is not None and level.of not in levels[:index]:
            found.unknown(f"{where}.of", "level", level.of, levels[:index], line=tree.line_of(where))
    if not mapping.events and not mapping.subjects:
        found.add("events", "a mapping makes events or subjects", line=tree.line, allowed="events, subjects")
    for where, level_key in _levels_named(mapping):
        if level_key is not None and level_key not in levels:
            found.unknown(where, "level", level_key, levels, line=tree.line_of(where))
    for index, event in enumerate(mapping.events):
        for name in event.fields:
            if name not in EVENT_FIELDS:
                where = f"events[{index}].fields.{name}"
                found.unknown(where, "field", name, EVENT_FIELDS, line=tree.line_of(where))
        if event.scale is not None and (len(event.scale) != 2 or event.scale[0] >= event.scale[1]):
            found.add(f"events[{index}].scale", "a scale is its lowest and its highest value",
                      line=tree.line_of(f"events[{index}].scale"), allowed="such as [0, 5]")


def _levels_named(mapping: FileMapping) -> Iterator[tuple[str, str | None]]:
    yield from ((f"events[{index}].level", one.level) for index, one in enumerate(mapping.events))
    yield from ((f"subjects[{index}].level", one.level) for index, one in enumerate(mapping.subjects))
