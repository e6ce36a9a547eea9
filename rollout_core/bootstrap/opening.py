"""Opens a store's files and puts the control room together: the only place that knows every room below."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rollout_core.bootstrap.closed_events import ClosedEventStore
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.key_files import OWNER_KEY, WRITE_KEY, read_or_make
from rollout_core.bootstrap.leftovers import clear_leftovers
from rollout_core.bootstrap.rights import keep_private
from rollout_core.control.forget_again import forget_again
from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.control.restore import STAGED_EVENTS, take_staged_events
from rollout_core.documents.mapped_file import open_file
from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import StoreError
from rollout_core.ports.control_store import ControlStore
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import store_key
from rollout_core.rollouts.plan import Plan
from rollout_core.settings import Settings
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.event_lock import alone_with
from rollout_core.storage.event_store import open_event_store

CONTROL = "control.sqlite"
EVENTS = "events.duckdb"
RESERVE = "reserve"


def open_room(settings: Settings, *, events: Literal["own", "none"] = "own", wait_seconds: float = 10.0) -> ControlRoom:
    """The control room over the store in `settings.store`, made there when the folder is empty.

    `events` "none" leaves the event store closed (another process owns it). With "own" an event store that is locked
    for `wait_seconds`, corrupt or too new stays closed too, and `events_closed` says why: flags are still evaluated,
    pause and stop still work. Raises StoreError when the control store cannot be opened.
    """
    directory = settings.store
    _make_folder(directory)
    keep_private(directory)
    control = open_control_store(directory / CONTROL, plan_of, reserve=directory / RESERVE)
    store, closed = _open_events(settings, control, events, wait_seconds)
    room = Room(control=control, events=store, directory=directory, demo=settings.demo,
                environment=settings.environment, open_import=open_file)
    refresh_snapshot(room)
    return ControlRoom(room=room, settings=settings, owner_key=read_or_make(directory / OWNER_KEY, "own_"),
                       write_key=read_or_make(directory / WRITE_KEY, "pub_"), events_closed=closed)


def plan_of(text: str, source: str) -> Plan:
    """A stored plan document read again. Raises InvalidPlan."""
    return read_plan(text, source)


def _make_folder(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {directory} cannot be made: {error.strerror}.",
                         mend="Name another one with ROLLOUT_STORE.", path=str(directory)) from error


def _open_events(settings: Settings, control: ControlStore, events: str,
                 wait_seconds: float) -> tuple[EventStore, StoreError | None]:
    directory = settings.store
    path = directory / EVENTS
    if events == "none":
        reason = StoreError("this process works without it.", mend="Ask the running app.")
        return ClosedEventStore(path, reason), reason
    try:
        if (directory / STAGED_EVENTS).is_file():
            with alone_with(path, wait_seconds):
                take_staged_events(directory)
        store = open_event_store(path, store_key(directory), wait_seconds=wait_seconds,
                                 minimum_free_bytes=settings.minimum_free_bytes,
                                 copies=(directory / "backups", directory / "exports", directory / "copies"))
    except StoreError as error:
        return ClosedEventStore(path, error), error
    clear_leftovers(directory)
    try:
        forget_again(directory, control, store)
    except StoreError as error:
        store.close()
        return ClosedEventStore(path, error), error
    return store, None
