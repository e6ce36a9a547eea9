"""Documents that are nothing but values of a type: YAML -> the type, with file, line and place of a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import plain
from rollout_core.documents.yaml_source import read_yaml
from rollout_core.errors import InvalidDocument

T = TypeVar("T")

_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")


def load_typed(path: Path, wanted: type[T], format_line: str) -> T:
    """The value in a document whose first key says `format: <format_line>`.

    Raises InvalidDocument naming the line of the first value that does not fit, or of every broken YAML place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path} cannot be read: {error}.", mend="Check the path; save it as UTF-8.") from error
    return read_typed(text, wanted, format_line, str(path))


def read_typed(text: str, wanted: type[T], format_line: str, file: str = "") -> T:
    """The value in a YAML text, as load_typed."""
    found = Findings(file)
    tree = read_yaml(text, found)
    value: Any = plain(tree) if tree is not None else None
    if not found and (not isinstance(value, dict) or value.get("format") != format_line):
        found.add("format", f"is {value.get('format')!r}" if isinstance(value, dict) else "is missing", line=1,
                  allowed=format_line)
    if not found:
        try:
            return msgspec.convert(value, wanted, strict=False)
        except msgspec.ValidationError as error:
            place = _PLACE.search(str(error))
            where = place["path"].lstrip(".") if place else ""
            found.add(where, _PLACE.sub("", str(error)), line=tree.line_of(where) if tree else 1)
    raise InvalidDocument(f"{file or 'The document'} cannot be used.", found.problems, mend="Correct the lines below.")
