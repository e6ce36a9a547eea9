"""Which way a command goes: through the running app, on the files, or on the control store alone.

While an app runs it owns the event store, so commands go through it, as the owner who can read owner.key. An app that
is recorded but does not answer is hung or gone: then the files are opened; when the event store stays locked, the
control store alone still pauses, stops and answers. A command therefore never ends with a lock error.

Each way imports what it needs when it is taken: a command through the app never loads the stores or the analysis.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rollout_core.bootstrap.app_file import AppFile, alive, read_app_file
from rollout_core.bootstrap.key_files import OWNER_KEY, read_key
from rollout_core.cli.connection import Connection
from rollout_core.errors import AppUnreachable, StoreLocked
from rollout_core.settings import Settings

LOCK_SECONDS = 10.0
LOCK_TRY_SECONDS = 0.5


def connect(settings: Settings, claimed: str | None, *, clock: Callable[[], float] = time.monotonic) -> Connection:
    """A connection that works, whatever state the app is in. Raises StoreError; AppUnreachable for ROLLOUT_SERVER."""
    if settings.server is not None:
        return _remote(settings.server, settings.token, claimed)
    until = clock() + LOCK_SECONDS
    while True:
        app = read_app_file(settings.store)
        if app is not None and alive(app.pid):
            through = _through_app(app, settings, claimed)
            if through is not None:
                return through
        given_up = clock() >= until or (app is not None and alive(app.pid))
        local = _on_files(settings, claimed, _without_events(app) if given_up else None)
        if local is not None:
            return local


def _without_events(app: AppFile | None) -> str:
    holder = f"the app (process {app.pid})" if app is not None else "another process"
    return f"on the control store alone: {holder} holds the event store and does not answer"


def _on_files(settings: Settings, claimed: str | None, without: str | None) -> Connection | None:
    """The store's files; while somebody holds the event store: the control store alone (`without` says why), or None
    to try again."""
    from rollout_core.bootstrap import open_room
    from rollout_core.cli.local_connection import LocalConnection

    room = open_room(settings, events="own", wait_seconds=LOCK_TRY_SECONDS)
    if not isinstance(room.events_closed, StoreLocked):
        return LocalConnection(room, claimed, "on the store's files")
    if without is not None:
        return LocalConnection(room, claimed, without)
    room.close()
    return None


def _through_app(app: AppFile, settings: Settings, claimed: str | None) -> Connection | None:
    """The running app, once it has proved that it is this store's; None when it does not answer."""
    from rollout_core.bootstrap.hello import answers, client_here
    from rollout_core.cli.app_connection import ANSWER_SECONDS, AppConnection

    key = read_key(settings.store / OWNER_KEY)
    if not answers(app.url, key):
        return None
    client = client_here(app.url, ANSWER_SECONDS)
    client.headers["Authorization"] = f"Owner {key}"
    return AppConnection(client, claimed, f"through the app at {app.url}")


def _remote(server: str, token: str | None, claimed: str | None) -> Connection:
    if token is None:
        raise AppUnreachable(f"ROLLOUT_SERVER names {server}, and there is no ROLLOUT_TOKEN.",
                             mend="`rollout token create NAME` on that machine makes one.")
    import httpx

    from rollout_core.cli.app_connection import ANSWER_SECONDS, AppConnection

    client = httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=ANSWER_SECONDS)
    return AppConnection(client, claimed, f"through the app at {server}")
