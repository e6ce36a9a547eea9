"""Codecs: how one value is read from a document and written back. Each reads with line and path, and never raises.

A codec's `read` returns UNREAD after noting the mistake, so that reading goes on and a person sees every mistake at
once. `write` is its inverse: `read(write(value)) == value` (property-tested through the plan document).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from rollout_core.documents.findings import Findings, did_you_mean
from rollout_core.documents.located import Located, kind_in_words


class _Unread:
    """The answer of a codec that found a mistake."""

    def __repr__(self) -> str:
        return "UNREAD"


UNREAD: Final = _Unread()


class Codec(Protocol):
    """Reads and writes one kind of value."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        """The value, or UNREAD after noting why not."""
        ...

    def write(self, value: Any) -> object:
        """The value as plain YAML data."""
        ...


def refuse(node: Located, path: str, found: Findings, wanted: str, allowed: str = "") -> _Unread:
    """Notes that something else was expected here."""
    found.add(path, f"{kind_in_words(node)} is not {wanted}", line=node.line, allowed=allowed)
    return UNREAD


@dataclass(frozen=True, slots=True)
class Text:
    """Text of one or more characters (`empty` allows none)."""

    empty: bool = False

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not isinstance(node.value, str) or not (node.value.strip() or self.empty):
            return refuse(node, path, found, "text", "quoted text, if it looks like a number or a date")
        return node.value

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class Key:
    """A stable name: letters, digits, `.`, `_`, `-`, at most 128 (flag evaluation clients send it unescaped)."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not isinstance(node.value, str) or not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", node.value):
            return refuse(node, path, found, "a key", "1 to 128 letters, digits, dots, underscores and hyphens")
        return node.value

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        return node.value if isinstance(node.value, bool) else refuse(node, path, found, "a truth value", "true, false")

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    low: int = 0
    high: int = 2**53

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            return refuse(node, path, found, "a whole number in range", f"{self.low} to {self.high}")
        return value

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number or a truth value, kept as it is."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = node.value
        if isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
            return value
        return refuse(node, path, found, "a single value", "text, a finite number, true, false")

    def write(self, value: Any) -> object:
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a closed set of words, read as a member of `choices` (a StrEnum) or as the word itself."""

    choices: type[StrEnum] | tuple[str, ...]

    def read(self, node: Located, path: str, found: Findings) -> Any:
        by_word: dict[object, object] = {str(choice): choice for choice in self.choices}
        words = [str(word) for word in by_word]
        if isinstance(node.value, str) and node.value in by_word:
            return by_word[node.value]
        return refuse(node, path, found, f"one of the choices{did_you_mean(str(node.value), words)}", ", ".join(words))

    def write(self, value: Any) -> object:
        return str(value)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of value, read as a tuple; two words, or `unique` attributes, may not be equal (None: may)."""

    item: Codec
    at_least: int = 0
    unique: str | None = "key"

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not isinstance(node.value, tuple):
            return refuse(node, path, found, "a list", "lines that begin with '- ', or [a, b]")
        if len(node.items) < self.at_least:
            return refuse(node, path, found, "long enough", f"at least {self.at_least}")
        read = [self.item.read(item, f"{path}[{index}]", found) for index, item in enumerate(node.items)]
        if self.unique is not None:
            self._refuse_repeated(read, self.unique, node, path, found)
        return UNREAD if UNREAD in read else tuple(read)

    def write(self, value: Any) -> object:
        return [self.item.write(item) for item in value]

    @staticmethod
    def _refuse_repeated(read: Sequence[Any], unique: str, node: Located, path: str, found: Findings) -> None:
        first: dict[object, int] = {}
        for index, item in enumerate(read):
            name = item if isinstance(item, str) else getattr(item, unique, None)
            if name is not None and first.setdefault(name, index) != index:
                line = node.items[first[name]].line
                found.add(f"{path}[{index}]", f"{name!r} is there twice (first on line {line})",
                          line=node.items[index].line)


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping from free names to one kind of value."""

    item: Codec
    name: re.Pattern[str] = re.compile(r".+", re.DOTALL)

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not node.is_mapping:
            return refuse(node, path, found, "a mapping", "lines of the form name: value")
        for name in node.entries:
            if not self.name.fullmatch(name):
                found.add(f"{path}.{name}", f"{name!r} is not a usable name", line=node.key_lines[name])
        read = {name: self.item.read(value, f"{path}.{name}", found) for name, value in node.entries.items()}
        return UNREAD if UNREAD in read.values() else read

    def write(self, value: Mapping[str, Any]) -> object:
        return {name: self.item.write(item) for name, item in value.items()}
