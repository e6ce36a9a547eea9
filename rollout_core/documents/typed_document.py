"""Documents that are nothing but values of a type: YAML -> the type, with file, line and place of a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located, plain
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
    except OSError as error:
        raise InvalidDocument(f"{path} cannot be read: {error.strerror}.", mend="Check the path.") from error
    found = Findings(str(path))
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
            found.add(where, _PLACE.sub("", str(error)), line=line_of(tree, where) if tree else 1)
    raise InvalidDocument(f"{path.name} cannot be used.", found.problems, mend="Correct the lines below.")


def line_of(tree: Located, path: str) -> int:
    """The line of the nearest value on `path` (`a.b[2].c`; `[...]` stands for any key and ends the walk)."""
    node = tree
    for part in re.findall(r"[^.\[\]]+", path):
        value = node.value
        if isinstance(value, tuple) and part.isdigit() and int(part) < len(value):
            node = value[int(part)]
        elif not isinstance(value, (tuple, str, int, float, bool)) and value is not None and part in value:
            node = value[part]  # type: ignore[index]
        else:
            break
    return node.line
