"""What a command works with, whichever way it goes: through the running app, or on the store's files.

A command builds a dictionary, sends it, and prints the dictionary that comes back; it cannot tell which way it went.
Nothing heavy is imported here: what a way needs comes with it (app_connection.py, local_connection.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

Values = dict[str, Any]
Say = Callable[[float], None]


class Connection(Protocol):
    """What a command works with. `way` says how, for people."""

    way: str

    def ask(self, question: str, given: Mapping[str, Any]) -> Values:
        """A question's answer. Raises RolloutError."""
        ...

    def act(self, verb: str, given: Mapping[str, Any]) -> Values:
        """What a verb changed. Raises RolloutError."""
        ...

    def preview(self, verb: str, given: Mapping[str, Any]) -> Values:
        """What a verb would change. Raises RolloutError."""
        ...

    def import_file(self, given: Mapping[str, Any], say: Say) -> Values:
        """The verb import_file; `say` hears the share that is done. Raises RolloutError."""
        ...

    def rehearse(self, given: Mapping[str, Any], say: Say) -> Values:
        """What sweeps would have decided; `say` hears the share that is done. Raises RolloutError."""
        ...

    def query(self, sql: str, limit: int) -> Values:
        """Columns and rows of one SELECT over the event store's views. Raises RolloutError."""
        ...

    def export(self, directory: str, tables: tuple[str, ...]) -> Values:
        """The Parquet files written. Raises RolloutError."""
        ...

    def sign_in_link(self, person: str | None) -> Values:
        """The secret of a new one-time link and for how many minutes it is good. Raises RolloutError."""
        ...

    def close(self) -> None:
        """Lets go."""
        ...


def filled(given: Mapping[str, Any]) -> Values:
    """Without what was not said."""
    return {name: value for name, value in given.items() if value is not None}


def as_text(value: Any) -> Any:
    """A value for a query string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return list(value) if isinstance(value, tuple | list | set | frozenset) else str(value)
