"""At which line of its file a row begins, for those who have to mend it. Counted again from the text, since readers of
whole blocks skip blank lines and rows with too many cells without a word."""

from __future__ import annotations

import bz2
import csv
import gzip
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rollout_core.documents.mapping import Source
from rollout_core.documents.source_tables import WHITESPACE

OPENERS: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open}
"""Suffix -> what opens such a file as text."""


def lines_of(path: Path, source: Source, rows: Collection[int]) -> dict[int, int]:
    """Row (0-based, of those with the right number of cells) -> line (1-based, blank ones and the heading counted).

    A row whose line cannot be told is left out: formats without lines, records within records, a text that Python's
    csv refuses. Reads the file up to the last of `rows`.
    """
    starts = STARTS.get(source.format)
    if starts is None or source.levels or not rows:
        return {}
    found: dict[int, int] = {}
    try:
        with OPENERS.get(path.suffix.lower(), open)(path, "rt", encoding=source.encoding, newline="") as text:
            for row, line in enumerate(starts(text, source)):
                if row in rows:
                    found[row] = line
                if len(found) == len(rows):
                    break
    except (csv.Error, OSError, EOFError, UnicodeError):
        return found
    return found


def _of_csv(text: Any, source: Source) -> Iterator[int]:
    """The first line of every row that has as many cells as the heading (or the mapping's columns)."""
    apart = source.delimiter == WHITESPACE
    reader = csv.reader((",".join(line.split()) for line in text) if apart else text,
                        delimiter="," if apart else source.delimiter)
    width, begins = len(source.columns), 1
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        if not cells:
            continue
        if not width:
            width = len(cells)
        elif len(cells) == width:
            yield line


def _of_jsonl(text: Any, source: Source) -> Iterator[int]:
    """Every line that holds a record."""
    for number, line in enumerate(text, 1):
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(record, dict):
            yield number


STARTS: Mapping[str, Callable[[Any, Source], Iterator[int]]] = {"csv": _of_csv, "jsonl": _of_jsonl}
"""Source format -> the lines at which its rows begin."""
