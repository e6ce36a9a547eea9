"""A mapping: the document that says what the columns of a foreign file mean. Values only; nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Plain = str | int | float | bool
"""What a cell or a constant may be."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Column:
    """A cell. `values` translates words (others become `otherwise`, or stay as they are when it is None), `times`
    multiplies a number, `split` cuts a text into a list."""

    column: str
    values: Mapping[str, Plain] = field(default_factory=dict)
    otherwise: Plain | None = None
    times: float | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Several cells as one text; absent when one of them is."""

    columns: tuple[str, ...]
    join: str = "-"


Value = Constant | Column | Joined


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in a cell.

    `time` is a strptime format, or iso | epoch_s | epoch_ms, or days | hours (a number of them after `since`, UTC).
    `zone` is where a time without an offset was noted. `plus` is added.
    """

    column: str
    time: str = "iso"
    zone: str = "UTC"
    since: datetime | None = None
    plus: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class When:
    """A test of a cell: `test` is one of TESTS in mapping_values.py, `argument` what it is held against."""

    column: str
    test: str
    argument: tuple[Plain, ...] | Mapping[str, Plain] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """One level of nested JSON: the items of list `field` in the records of level `of` (the first level has neither).

    Its columns are named `key.field`; columns of the levels above stay visible.
    """

    key: str
    of: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How the file is to be read. `columns` names them where the file has no heading; `absent` are cells that mean
    nothing; `delimiter` is one character or "whitespace"; `file_column` names a column that holds the file's name
    without its ending (CSV and Parquet)."""

    format: str
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    absent: tuple[str, ...] = ("",)
    encoding: str = "utf-8"
    levels: tuple[Level, ...] = ()
    file_column: str | None = None


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """How a row (of level `level`) becomes an event. `fields` are named as in the envelope of events."""

    kind: str
    occurred_at: Moment
    level: str | None = None
    when: tuple[When, ...] = ()
    units: Mapping[str, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)
    scale: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class SubjectTemplate:
    """How a row becomes a subject of the population register. `times` are attributes that hold an instant."""

    unit: str
    id: Value
    level: str | None = None
    when: tuple[When, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    times: Mapping[str, Moment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileMapping:
    """A whole mapping document. `identity` names columns that together name a row; without it a row is named by the
    file's content and its place, so a file that grew is imported again as a whole."""

    key: str
    name: str
    source: Source
    description: str = ""
    identity: tuple[str, ...] = ()
    events: tuple[EventTemplate, ...] = ()
    subjects: tuple[SubjectTemplate, ...] = ()
