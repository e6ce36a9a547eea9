"""Codecs: how one value is read from a document and written back. Each reads with line and path, and never raises.

A codec's `read` returns UNREAD after noting the mistake, so that reading goes on and a person sees every mistake at
once. `write` is its inverse: `read(write(value)) == value` (property-tested through the plan document).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

from rollout_core.documents.findings import Findings, did_you_mean
from rollout_core.documents.located import Located, kind_in_words
from rollout_core.errors import InvalidPercentage
from rollout_core.flags.bucketing import BUCKETS, buckets_of_percentage


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


_QUANTITY = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*%\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number, or a share written as `5 %` (read as 0.05)."""

    low: float = -math.inf
    high: float = math.inf

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = self._number(node.value)
        if value is None or not math.isfinite(value):
            return refuse(node, path, found, "a number", "a finite number such as 85 or 4.0, or a share such as 5 %")
        if not self.low <= value <= self.high:
            return refuse(node, path, found, "in range", f"{self.low:g} to {self.high:g}")
        return value

    def write(self, value: Any) -> object:
        return value

    @staticmethod
    def _number(value: object) -> float | None:
        if isinstance(value, str) and (share := _QUANTITY.fullmatch(value)):
            return float(Decimal(share[1]) / 100)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def as_percent(share: float) -> str:
    """A share as `5 %`, exactly: Quantity reads the same float back."""
    return f"{(Decimal(repr(share)) * 100).normalize():f} %"


@dataclass(frozen=True, slots=True)
class Percentage:
    """A percentage of subjects, 0..100, held in buckets (100,000 = 100 %)."""

    high: int = 100

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = node.value
        try:
            buckets = buckets_of_percentage(value)  # type: ignore[arg-type]
        except InvalidPercentage:
            buckets = BUCKETS + 1
        if buckets > self.high * BUCKETS // 100:
            return refuse(node, path, found, "a percentage", f"a number from 0 to {self.high}, without a sign")
        if isinstance(value, float) and abs(value * BUCKETS / 100 - buckets) > 1e-6:
            return refuse(node, path, found, "a percentage we can serve", "at most three decimals (steps of 0.001)")
        return buckets

    def write(self, value: Any) -> object:
        return value // 1000 if value % 1000 == 0 else float(Decimal(value) / 1000)


_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_SPELLINGS = {"w": "week", "d": "day", "h": "hour", "min": "minute", "s": "second",
              **{unit: unit for unit in _UNITS}, **{f"{unit}s": unit for unit in _UNITS}}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Duration:
    """A stretch of time such as `30 minutes`, `2 h`, `7 days`, `4 weeks`; `0 s` is none at all."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        written = _DURATION.fullmatch(node.value.lower()) if isinstance(node.value, str) else None
        if written is None or written[2] not in _SPELLINGS:
            hint = did_you_mean(written[2], _SPELLINGS) if written else ""
            return refuse(node, path, found, f"a duration{hint}", "a number with s, min, h, days or weeks, e.g. 48 h")
        seconds = Decimal(written[1]) * _UNITS[_SPELLINGS[written[2]]]
        if seconds > 36_525 * 86_400:
            return refuse(node, path, found, "a sensible duration", "at most 100 years")
        return timedelta(microseconds=int(seconds * 1_000_000))

    def write(self, value: Any) -> object:
        microseconds = value // timedelta(microseconds=1)
        for unit, seconds in list(_UNITS.items())[1:]:
            count, rest = divmod(microseconds, seconds * 1_000_000)
            if rest == 0 and count:
                return f"{count} {unit}{'s' if count != 1 else ''}"
        return f"{Decimal(microseconds) / 1_000_000:f} s"


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at once` (zero), `never` (None) or a duration."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if node.value == "never":
            return None
        return timedelta(0) if node.value == "at once" else Duration().read(node, path, found)

    def write(self, value: Any) -> object:
        if value is None:
            return "never"
        return Duration().write(value) if value else "at once"


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
