"""Evidence, policies and verdicts as plain JSON values and back, exactly, so that any decision can be replayed.

Integers stay integers and floats survive JSON bit for bit; what comes back compares equal to what went in.
"""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from rollout_core.errors import InvalidDocument

Value = TypeVar("Value")


def to_record(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, enumerations as their value; everything else as it is."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: to_record(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_record(item) for item in value]
    return value


def from_record(kind: type[Value], record: Any) -> Value:
    """The dataclass that `to_record` wrote. Raises InvalidDocument for a field it does not know or a missing one.

    Fields that a class names in `RETIRED` are in older records and are left out.
    """
    hints = typing.get_type_hints(kind)
    record = {name: item for name, item in record.items() if name not in getattr(kind, "RETIRED", ())}
    unknown = set(record) - set(hints)
    if unknown:
        names = sorted(unknown)
        raise InvalidDocument(f"A record of {kind.__name__} has unknown fields: {', '.join(names)}.",
                              mend="It was written by a newer version; replay it with that one.", fields=names)
    try:
        return kind(**{name: _read(hints[name], item) for name, item in record.items()})
    except TypeError as error:
        raise InvalidDocument(f"A record of {kind.__name__} is not complete: {error}.") from error


def _read(hint: Any, item: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if item is None:
            return None
        return _read(next(part for part in typing.get_args(hint) if part is not type(None)), item)
    if origin is tuple:
        return tuple(_read(typing.get_args(hint)[0], part) for part in item)
    if is_dataclass(hint):
        return from_record(typing.cast(type[Any], hint), item)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(item)
    return item
