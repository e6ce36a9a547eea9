"""On the store's files, as their owner: the same verbs and questions without an app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.asking import plain, read_request
from rollout_core.bootstrap.rehearsing import RehearsalRequest, rehearse_stored
from rollout_core.cli.connection import Say, Values, as_text, filled
from rollout_core.control import VERBS
from rollout_core.control.import_file import ImportFile
from rollout_core.errors import InvalidRequest
from rollout_core.insight import QUESTIONS

Spec = TypeVar("Spec")


def named(table: Mapping[str, Spec], name: str) -> Spec:
    """A row of a registry. Raises InvalidRequest naming what there is."""
    if name not in table:
        raise InvalidRequest(f"There is no {name!r}.", mend=f"There is {', '.join(sorted(table))}.")
    return table[name]


class LocalConnection:
    """On the store's files, as their owner."""

    def __init__(self, room: ControlRoom, claimed: str | None, way: str) -> None:
        self.room, self.way = room, way
        self.actor = room.local_owner(claimed)

    def ask(self, question: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        said = {name: as_text(value) for name, value in filled(given).items()}
        request = read_request(named(QUESTIONS, question).request, said, text=True)
        return as_values(self.room.ask(question, request))

    def act(self, verb: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        request = read_request(named(VERBS, verb).request, filled(given), text=False)
        return as_values(self.room.verbs(verb, self.actor, request))

    def preview(self, verb: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        request = read_request(named(VERBS, verb).request, filled(given), text=False)
        return as_values(self.room.preview(verb, self.actor, request))

    def import_file(self, given: Mapping[str, Any], say: Say) -> Values:
        """See Connection."""
        return as_values(self.room.import_file(self.actor, read_request(ImportFile, filled(given), text=False), say))

    def rehearse(self, given: Mapping[str, Any], say: Say) -> Values:
        """See Connection."""
        request = read_request(RehearsalRequest, filled(given), text=False)
        return as_values(rehearse_stored(self.room, self.actor, request, say))

    def query(self, sql: str, limit: int) -> Values:
        """See Connection."""
        return as_values(self.room.query(self.actor, sql, limit))

    def export(self, directory: str, tables: tuple[str, ...]) -> Values:
        """See Connection."""
        return as_values({"files": self.room.export(self.actor, directory, tables)})

    def sign_in_link(self, person: str | None) -> Values:
        """See Connection."""
        return self.room.sign_in_link(self.actor, person)

    def close(self) -> None:
        """Closes the stores."""
        self.room.close()


def as_values(answer: Any) -> Values:
    """An answer as it would come back from the app (times as text)."""
    found: Values = msgspec.json.decode(msgspec.json.encode(plain(answer)))
    return found
