"""Plain values <-> the request and answer types of the registries. Every wrong field is named, not only the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, get_type_hints

import msgspec

from rollout_core.errors import InvalidRequest, Problem

LARGEST = 2**63 - 1
"""The largest whole number that a store holds."""


def read_request(kind: type, given: Mapping[str, Any], *, text: bool) -> Any:
    """A `kind` (a dataclass) from names and values; `text` True when values came as text (a query string).

    Raises InvalidRequest with one Problem per unknown, missing or unusable field.
    """
    hints = get_type_hints(kind)
    known = {each.name: each for each in fields(kind)}
    problems = [Problem(name, "is no field of this request", ", ".join(known)) for name in given if name not in known]
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name in given:
            try:
                values[name] = msgspec.convert(_listed(given[name], hints[name], text), hints[name], strict=not text)
            except (msgspec.ValidationError, ValueError, RecursionError) as error:
                problems.append(Problem(name, str(error)))
            else:
                problems += _unusable(name, values[name])
        elif _needed(each):
            problems.append(Problem(name, "is missing"))
    if problems:
        raise InvalidRequest("The request cannot be used.", tuple(problems),
                             mend="GET /api/openapi.json describes every request.")
    return kind(**values)


def _unusable(name: str, value: Any) -> list[Problem]:
    """What has the right type and can be looked up nowhere."""
    if type(value) is int and abs(value) > LARGEST:
        return [Problem(name, "is beyond every store", f"-{LARGEST} to {LARGEST}")]
    if type(value) is str and "\0" in value:
        return [Problem(name, "holds the character U+0000", "text")]
    if isinstance(value, datetime) and value.tzinfo is None:
        return [Problem(name, "is a time without an offset from UTC", f"{value.isoformat()}Z, for instance")]
    return []


def _needed(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _listed(value: Any, hint: Any, text: bool) -> Any:
    """In a query string a list is the repeated name, or one text with commas; a dictionary is JSON; "" is no value."""
    if not text or not isinstance(value, str):
        return value
    kinds = {getattr(each, "__origin__", each) for each in (hint, *getattr(hint, "__args__", ()))}
    if getattr(hint, "__origin__", None) in {tuple, list, frozenset, set}:
        return [part for part in value.split(",") if part]
    if dict in kinds and value.startswith("{"):
        return msgspec.json.decode(value)
    return None if value == "" and type(None) in kinds else value


def plain(value: Any) -> Any:
    """A dataclass answer as values that JSON has."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, MappingProxyType | Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
