"""A document as a tree of values that know their line: what every reader in this room works on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

Leaf = str | int | float | bool | date | datetime | None

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Located:
    """One value and the line it begins on (1-based). Mappings and lists hold further Located values."""

    value: Leaf | tuple[Located, ...] | Mapping[str, Located]
    line: int
    key_lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_mapping(self) -> bool:
        """True for `key: value` pairs."""
        return isinstance(self.value, Mapping)

    @property
    def entries(self) -> Mapping[str, Located]:
        """The pairs of a mapping; empty for everything else."""
        return self.value if isinstance(self.value, Mapping) else MappingProxyType({})

    @property
    def items(self) -> tuple[Located, ...]:
        """The items of a list; empty for everything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def at(self, path: str) -> Located | None:
        """The value at a path such as `phases[2].criteria[0].metric`, or None when there is none."""
        found: Located | None = self
        for name, index in _STEP.findall(path):
            if found is None:
                return None
            found = found.entries.get(name) if name else dict(enumerate(found.items)).get(int(index))
        return found

    def line_of(self, path: str) -> int:
        """The line of the value at a path; of its nearest existing parent when it is missing."""
        while path:
            parent, _, key = path.rpartition(".")
            holder = self.at(parent) if parent else self
            if holder is not None and key in holder.key_lines:
                return holder.key_lines[key]
            found = self.at(path)
            if found is not None:
                return found.line
            path = path[: path.rindex("[")] if path.endswith("]") else parent
        return self.line


def plain(node: Located) -> object:
    """The bare value without lines, as a YAML or JSON library would give it."""
    if node.is_mapping:
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.items]
    return node.value


def kind_in_words(node: Located) -> str:
    """What a reader found, for error messages: `the text 'x'`, `a list`, `the number 3`."""
    value = node.value
    if node.is_mapping:
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    return f"the text {value!r}" if isinstance(value, str) else f"{value}"
