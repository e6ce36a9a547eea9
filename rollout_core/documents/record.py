"""Records: a mapping in a document <-> a frozen dataclass, described by a table of parts that reads both ways."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, Protocol

from rollout_core.documents.codec import UNREAD, Codec
from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located, kind_in_words


class Part(Protocol):
    """A few keys of a mapping that together give some attributes of the record."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The document keys this part understands."""
        ...

    def read(self, node: Located, path: str, found: Findings) -> dict[str, Any]:
        """Attribute values; left out where the document says nothing; UNREAD where it is mistaken."""
        ...

    def write(self, record: Any) -> dict[str, object]:
        """Document keys for a record; left out where the value is the default."""
        ...


def below(path: str, key: str) -> str:
    """The path of a key in the mapping at `path`."""
    return f"{path}.{key}" if path else key


@dataclass(frozen=True, slots=True)
class Field:
    """One key for one attribute (of the same name unless `attribute` says another).

    A key that may be left out gives the dataclass's default, or `absent` where the dataclass has none.
    """

    key: str
    codec: Codec
    required: bool = False
    attribute: str = ""
    absent: Any = UNREAD

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def read(self, node: Located, path: str, found: Findings) -> dict[str, Any]:
        name = self.attribute or self.key
        if self.key not in node.entries:
            if not self.required:
                return {} if self.absent is UNREAD else {name: self.absent}
            found.add(below(path, self.key), f"the key {self.key!r} is missing", line=node.line)
            return {name: UNREAD}
        return {name: self.codec.read(node.entries[self.key], below(path, self.key), found)}

    def write(self, record: Any) -> dict[str, object]:
        name = self.attribute or self.key
        value = getattr(record, name)
        absent = default_of(type(record), name) if self.absent is UNREAD else self.absent
        if not self.required and value == absent:
            return {}
        return {self.key: self.codec.write(value)}


def default_of(record: type[Any], name: str) -> object:
    """The dataclass default of an attribute, or MISSING."""
    for one in fields(record):
        if one.name == name:
            return one.default_factory() if one.default_factory is not MISSING else one.default
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys, read as one dataclass value."""

    of: type[Any]
    parts: tuple[Part, ...]

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if not node.is_mapping:
            found.add(path, f"{kind_in_words(node)} is not a mapping", line=node.line,
                      allowed=", ".join(self._known()))
            return UNREAD
        for key in node.entries:
            if key not in self._known():
                found.unknown(below(path, key), "key", key, self._known(), line=node.key_lines[key])
        values: dict[str, Any] = {}
        for part in self.parts:
            values |= part.read(node, path, found)
        return UNREAD if UNREAD in values.values() else self.of(**values)

    def write(self, value: Any) -> object:
        return {key: item for part in self.parts for key, item in part.write(value).items()}

    def _known(self) -> list[str]:
        return [key for part in self.parts for key in part.keys]
