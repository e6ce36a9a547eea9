"""Column types of the control store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import json
from sqlalchemy import Dialect, Text, TypeDecorator

Value = TypeVar("Value")


class UtcText(TypeDecorator[datetime]):
    """A UTC instant as text of fixed width (`2026-01-02T03:04:05.000006Z`): sorts by time, depends on no driver."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Raises ValueError for a time without a zone: a naive one is an hour or five away from what was meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The instant, UTC-aware."""
        return None if value is None else datetime.fromisoformat(value)


def to_json(value: object) -> str:
    """A value as JSON text with sorted keys."""
    return json.encode(value, order="sorted").decode()


def from_json(text: str, type_: type[Value]) -> Value:
    """A value from JSON text, checked against its class. Raises msgspec.ValidationError."""
    return json.decode(text, type=type_)
