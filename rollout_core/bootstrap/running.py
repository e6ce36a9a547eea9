"""What a running app is besides its pages: the store's only owner, with its jobs, announced in app.json."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from logging import getLogger
from pathlib import Path
from threading import Event, Thread

from rollout_core.bootstrap.app_file import AppFile, remove_app_file, write_app_file
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.feeder import feeder
from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.own_command import place_of, typed
from rollout_core.bootstrap.preparing import prepare_store, refuse_second_app, set_up, whole
from rollout_core.bootstrap.present import set_current
from rollout_core.control.open_snapshot import open_snapshot, refresh_snapshot
from rollout_core.control.recall import look_again
from rollout_core.errors import RolloutError, StoreLocked
from rollout_core.jobs.first_counts import FirstCounts
from rollout_core.jobs.ingest_writer import IngestWriter
from rollout_core.jobs.judging import JudgingProcess
from rollout_core.jobs.sweep_clock import SweepClock
from rollout_core.jobs.window_clock import WindowClock
from rollout_core.settings import Settings, read_settings
from rollout_core.storage.event_store import DuckdbEventStore

log = getLogger("rollout.app")

SWITCH_SECONDS = 0.0005
"""One busy script thread delays the event loop by 41 ms (p99) with Python's default of 5 ms, by 2.4 ms with this."""

WATCH_SECONDS = 1.0
"""How often the control store is looked at for changes of other processes (a `rollout pause` beside a hung app)."""

LOOKS_PER_ROLL_CALL = 30
"""Every so many looks it is asked, too, whether those who are remembered still have their rights."""


def settings_to_serve(environ: Mapping[str, str]) -> Settings:
    """The settings of an app that is about to start. Ends the process in words when they cannot be used, or when
    another app serves the store.

    Uvicorn trusts proxies on this machine unless told otherwise; it reads the variable when Streamlit configures it.
    """
    try:
        settings = read_settings(environ)
        refuse_second_app(settings)
    except RolloutError as error:
        raise SystemExit(str(error)) from None
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(settings.trusted_proxies)
    return settings


@contextmanager
def ending_in_words() -> Iterator[None]:
    """Ends the process with the words of an error that somebody can act on, at the start and at the end of an app.

    The servers around the app (Starlette, Uvicorn) print a traceback for whatever leaves its lifespan, SystemExit too,
    so the process ends here: everything that was opened is closed again by then.
    """
    try:
        yield
    except RolloutError as error:
        print(error, file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(1)


@contextmanager
def run_app(settings: Settings, address: str, local_address: str) -> Iterator[ControlRoom]:
    """Opens the store, starts the jobs, says where the app is, and undoes it all at the end.

    `address` is for people, `local_address` for the command line on this machine. Raises StoreLocked when another
    process serves the store.
    """
    refuse_second_app(settings)
    if settings.demo and not whole(settings):
        print("Making the simulated store; this takes a minute, on a busy machine a few, once.", flush=True)
        prepare_store(settings)
    room = open_room(settings)
    try:
        if isinstance(room.events_closed, StoreLocked):
            raise room.events_closed
        set_up(room)
        warnings = open_snapshot(room.room)
        room = replace(room, ingest=ingest_of(room), judging=judging_of(room))
        set_current(room)
        with watching(room), working(room):
            sys.setswitchinterval(SWITCH_SECONDS)
            write_app_file(settings.store, AppFile(local_address, os.getpid(), room.room.clock.now()))
            announce(room, address, warnings)
            gc.collect()
            gc.freeze()
            yield room
    finally:
        remove_app_file(settings.store, os.getpid())
        set_current(None)
        room.close()


def announce(room: ControlRoom, address: str, warnings: tuple[str, ...]) -> None:
    """Prints the address, the way in, how the command line is called, and what somebody should know."""
    lines = [f"Rollout control room: {address}"]
    if room.settings.demo:
        lines.append("This store is simulated. `make run DEMO=0` opens an empty one for real data.")
    if room.settings.print_link:
        made = room.start_link()
        lines.append(f"Sign in once, within {made['minutes']} minutes: {address}/signin?link={made['secret']}")
    lines.append(f"From another terminal in {Path.cwd()}: {typed('status', place_of(room.settings))}")
    if room.events_closed is not None:
        lines.append(f"The event store is closed: {room.events_closed} Flags, pause and stop work.")
    print("\n".join([*lines, *warnings]), flush=True)


def ingest_of(room: ControlRoom) -> IngestWriter | None:
    """The queue in front of the event store, not started yet; None while the store is closed."""
    events = room.room.events
    if not isinstance(events, DuckdbEventStore):
        return None
    return IngestWriter(events, queue_bytes=room.settings.queue_bytes, directory=room.settings.store,
                        minimum_free_bytes=room.settings.minimum_free_bytes, clock=room.room.clock)


def judging_of(room: ControlRoom) -> JudgingProcess | None:
    """The process beside this one that judges large bodies; None while the store is closed."""
    events = room.room.events
    if not isinstance(events, DuckdbEventStore):
        return None
    return JudgingProcess(room.settings.store, lambda: events.slots)


@contextmanager
def working(room: ControlRoom) -> Iterator[None]:
    """What runs by itself while the app does; stopped in the opposite order, so that nothing queued is lost."""
    with ExitStack() as stack:
        if room.events_closed is None:
            windows = WindowClock(room.room, export_to=room.settings.store / "exports")
            sweeps = SweepClock(room.room, every_seconds=room.settings.sweep_every.total_seconds())
            first_counts = FirstCounts(room.room, windows.up_to_date)
            for job in (room.judging, room.ingest, windows, feeder(room), sweeps, first_counts):
                if job is not None:
                    job.start()
                    stack.callback(job.stop)
        yield


@contextmanager
def watching(room: ControlRoom) -> Iterator[None]:
    """A thread that follows what other processes change in the control store: what is served, and who may stop it."""
    done, looks = Event(), count(1)

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            try:
                refresh_snapshot(room.room)
                if next(looks) % LOOKS_PER_ROLL_CALL == 0:
                    look_again(room.room)
            except RolloutError as error:
                log.error("The control store could not be looked at, flags are served as they were: %s", error)

    thread = Thread(target=watch, name="snapshot-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)
