"""Through a running app: questions and verbs as HTTP requests, problem documents back into errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from rollout_core import errors
from rollout_core.cli.connection import Say, Values, as_text, filled
from rollout_core.errors import AppUnreachable, Invalid, Problem, RolloutError

PREFIX = "/api/admin/rollout"
ANSWER_SECONDS = 120.0
LONG_SECONDS = 3600.0
LONG_VERBS = frozenset({"import_file", "backup", "restore", "forget", "setup"})


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
