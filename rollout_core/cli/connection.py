"""Two ways to the same verbs and questions: through the running app, or on the store's files. Both speak plain values.

A command builds a dictionary, sends it, and prints the dictionary that comes back; it cannot tell which way it went.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from rollout_core import errors
from rollout_core.bootstrap import ControlRoom
from rollout_core.bootstrap.asking import plain, read_request
from rollout_core.bootstrap.rehearsing import RehearsalRequest, rehearse_stored
from rollout_core.control import VERBS
from rollout_core.control.import_file import ImportFile
from rollout_core.errors import AppUnreachable, Invalid, InvalidRequest, Problem, RolloutError
from rollout_core.insight import QUESTIONS

Values = dict[str, Any]
Spec = TypeVar("Spec")
Say = Callable[[float], None]
PREFIX = "/api/admin/rollout"
ANSWER_SECONDS = 120.0
LONG_SECONDS = 3600.0
LONG_VERBS = frozenset({"import_file", "backup", "restore", "forget", "setup"})


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


def named(table: Mapping[str, Spec], name: str) -> Spec:
    """A row of a registry. Raises InvalidRequest naming what there is."""
    if name not in table:
        raise InvalidRequest(f"There is no {name!r}.", mend=f"There is {', '.join(sorted(table))}.")
    return table[name]


def filled(given: Mapping[str, Any]) -> Values:
    """Without what was not said."""
    return {name: value for name, value in given.items() if value is not None}


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


class AppConnection:
    """Through a running app: as its owner (who can read owner.key) or with a token."""

    def __init__(self, client: httpx.Client, claimed: str | None, way: str) -> None:
        self.client, self.way = client, way
        if claimed:
            client.headers["Rollout-As"] = quote(claimed)

    def ask(self, question: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        path = f"{PREFIX}/{question.replace('_', '-')}"
        return self._send("GET", path, params={name: as_text(value) for name, value in filled(given).items()})

    def act(self, verb: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        seconds = LONG_SECONDS if verb in LONG_VERBS else ANSWER_SECONDS
        return self._send("POST", f"{PREFIX}/{verb.replace('_', '-')}", json=filled(given), timeout=seconds)

    def preview(self, verb: str, given: Mapping[str, Any]) -> Values:
        """See Connection."""
        return self._send("POST", f"{PREFIX}/{verb.replace('_', '-')}/preview", json=filled(given))

    def import_file(self, given: Mapping[str, Any], say: Say) -> Values:
        """See Connection."""
        return self._watched("import_file", partial(self.act, "import_file", given), say)

    def rehearse(self, given: Mapping[str, Any], say: Say) -> Values:
        """See Connection."""
        work = partial(self._send, "POST", f"{PREFIX}/rehearse", json=filled(given), timeout=LONG_SECONDS)
        return self._watched("rehearse", work, say)

    def _watched(self, name: str, work: Callable[[], Values], say: Say) -> Values:
        """Long work; the app is asked twice a second how far it is."""
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(work)
            while not wait((working,), timeout=0.5).done:
                say(self._send("GET", f"{PREFIX}/progress").get(name, 0.0))
            return working.result()

    def query(self, sql: str, limit: int) -> Values:
        """See Connection."""
        return self._send("POST", f"{PREFIX}/sql", json={"sql": sql, "limit": limit})

    def export(self, directory: str, tables: tuple[str, ...]) -> Values:
        """See Connection."""
        return self._send("POST", f"{PREFIX}/export", json={"directory": directory, "tables": tables},
                          timeout=LONG_SECONDS)

    def sign_in_link(self, person: str | None) -> Values:
        """See Connection."""
        return self._send("POST", f"{PREFIX}/signin-link", json=filled({"person": person}))

    def close(self) -> None:
        """Closes the connection."""
        self.client.close()

    def _send(self, method: str, path: str, **more: Any) -> Values:
        with unreachable(str(self.client.base_url)):
            response = self.client.request(method, path, **more)
        if response.is_success:
            found: Values = response.json()
            return found
        raise error_of(response)


@contextmanager
def unreachable(url: str) -> Iterator[None]:
    """Network failures as AppUnreachable."""
    try:
        yield
    except httpx.TransportError as error:
        raise AppUnreachable(f"The app at {url} does not answer ({type(error).__name__}).",
                             mend="Pause and stop work without it; else restart it.", url=url) from error


def error_of(response: httpx.Response) -> RolloutError:
    """The error behind a problem document: the same class with the same facts as inside the app."""
    try:
        told: Values = response.json()
    except ValueError:
        return AppUnreachable(f"{response.url} answered {response.status_code}.",
                              mend="Is this address a rollout control room?")
    name = str(told.get("type", "")).rpartition(":")[2]
    kind = getattr(errors, re.sub(r"(?:^|-)([a-z])", lambda found: found[1].upper(), name), RolloutError)
    message, mend = str(told.get("detail", told.get("title", ""))), str(told.get("mend", ""))
    facts = {key: value for key, value in told.get("facts", {}).items() if key not in {"message", "mend", "problems"}}
    if isinstance(kind, type) and issubclass(kind, Invalid):
        wrong = (Problem(each["field"], each["detail"], each.get("allowed", "")) for each in told.get("errors", ()))
        return kind(message, tuple(wrong), mend=mend, **facts)
    return kind(message, mend=mend, **facts) if issubclass(kind, RolloutError) else RolloutError(message, mend=mend)


def as_values(answer: Any) -> Values:
    """An answer as it would come back from the app (times as text)."""
    found: Values = msgspec.json.decode(msgspec.json.encode(plain(answer)))
    return found


def as_text(value: Any) -> Any:
    """A value for a query string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return list(value) if isinstance(value, tuple | list | set | frozenset) else str(value)
