"""The first start of a store: shipped plans set up, the simulated store filled. A second start changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from rollout_core.bootstrap.app_file import alive, read_app_file
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.hello import answers
from rollout_core.bootstrap.key_files import OWNER_KEY, read_key
from rollout_core.bootstrap.opening import CONTROL, open_room
from rollout_core.control.setup import Setup
from rollout_core.errors import StoreLocked
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.settings import Settings

SETTER_UP = Actor(principal="setup", role=Role.ADMIN, via="setup", origin="start")
Progress = Callable[[str, float], None]
MADE = "demo_made"
"""Where a simulated store remembers that it is whole: a killed generator starts anew."""


def prepare_store(settings: Settings, *, anew: bool = False, progress: Progress | None = None) -> None:
    """Makes the store ready to be served. `anew` deletes a simulated store first; `progress` hears (words, share
    done) while a simulated store is filled.

    Raises StoreLocked while an app runs on it, InvalidPlan when a shipped document has mistakes, StoreError.
    """
    refuse_second_app(settings)
    if whole(settings) and not anew:
        return
    if settings.demo:
        _delete(settings)
    room = open_room(settings)
    try:
        if isinstance(room.events_closed, StoreLocked):
            raise room.events_closed
        if settings.demo:
            _fill(room, progress)
        set_up(room)
        with room.room.control.write() as unit:
            if unit.meta.get(MADE) is None:
                unit.meta.set(MADE, room.room.clock.now().isoformat())
    finally:
        room.close()


def set_up(room: ControlRoom) -> None:
    """Sets the shipped plans up where there is no rollout yet; a store that has any is left as it is."""
    with room.room.control.read() as unit:
        if unit.rollouts.all():
            return
    documents = plan_documents(plan_files(room.settings.plans))
    if documents:
        room.verbs("setup", SETTER_UP, Setup(documents=documents))


def plan_documents(files: Iterable[Path]) -> tuple[PlanText, ...]:
    """The documents as the verb `setup` takes them."""
    return tuple(PlanText(path.read_text(encoding="utf-8"), path.name) for path in files)


def plan_files(directory: Path) -> tuple[Path, ...]:
    """The plan documents of a folder, by name."""
    return tuple(sorted(directory.glob("*.yaml")))


def refuse_second_app(settings: Settings) -> None:
    """Raises StoreLocked when an app that answers serves this store. A hung one is found by the event store's lock."""
    app = read_app_file(settings.store)
    if app is None or not alive(app.pid):
        return
    key = settings.store / OWNER_KEY
    if key.exists() and answers(app.url, read_key(key)):
        raise StoreLocked(f"The app at {app.url} (process {app.pid}) serves this store already.",
                          mend="Use that one, stop it, or name another store with ROLLOUT_STORE.",
                          url=app.url, pid=app.pid)


def _delete(settings: Settings) -> None:
    """Deletes a simulated store; never under a process that may still serve it."""
    app = read_app_file(settings.store)
    if app is not None and alive(app.pid):
        raise StoreLocked(f"Process {app.pid} may still serve the simulated store.",
                          mend=f"Stop it first; if it is something else, delete {settings.store / 'app.json'}.",
                          pid=app.pid)
    shutil.rmtree(settings.store, ignore_errors=True)


def whole(settings: Settings) -> bool:
    """True when the simulated store was made to its end."""
    if not (settings.store / CONTROL).exists():
        return False
    room = open_room(settings, events="none")
    try:
        with room.room.control.read() as unit:
            return unit.meta.get(MADE) is not None
    finally:
        room.close()


def _fill(room: ControlRoom, progress: Progress | None) -> None:
    """The scenarios of data/demo up to now. The plans are set up at the scenarios' first midnight:
    time never goes back."""
    from rollout_core.simulation.demo import MadeClock, build, first_midnight, load_scenarios

    with room.room.control.read() as unit:
        if unit.rollouts.all():
            return
    until_at = room.room.clock.now()
    scenarios = load_scenarios(room.settings.root / "data" / "demo")
    set_up(replace(room, room=replace(room.room, clock=MadeClock(first_midnight(scenarios, until_at)))))
    build(room.room, scenarios, until_at, progress)
