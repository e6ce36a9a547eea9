"""Back up both stores while the app runs: consistent copies, a manifest with sums, and the trail's head."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp

from rollout_core import __version__
from rollout_core.control.change import Change
from rollout_core.control.forget import BACKUPS
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act, record_refusal, recorded_refusals
from rollout_core.errors import InvalidRequest, RolloutError, StoreCorrupt, StoreUnavailable
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.free_disk import in_words_of_the_disk
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import KEY_FILE, store_key

NAME = "backup"
CONTROL_COPY = "control.sqlite"
EVENTS_COPY = "events.duckdb"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """`directory` None: `backups/<time>` in the store's folder. It must be empty or not there yet."""

    directory: str | None = None
    reason: str | None = None


def backup(room: Room, actor: Actor, request: Backup) -> Change:
    """Copies the control store, the event store (if it is open) and the store's key; the answer names the folder.

    Without the event store the copy is made all the same and the warnings say so. Raises NotPermitted, InvalidRequest,
    DiskFull.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "make a backup")
    now = room.clock.now()
    target = _folder(room, request, now)
    try:
        seq, unrecorded = _recorded(room, actor, request, target)
        with in_words_of_the_disk(target.parent), _whole(target) as aside:
            warnings = (*unrecorded, *_copy(room, aside))
            head, sums = _manifest(room, aside, now)
    except RolloutError as error:
        record_refusal(room, actor, NAME, request, error)
        raise
    return Change(NAME, None, seq, warnings=warnings,
                  result={"directory": str(target), "audit_head": head, "files": sums})


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its name at the end; an empty one that is there (it may be a disk's own)
    is filled itself. Half a backup restores nothing, and its disk may be full: it is taken away."""
    there = target.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = target if there else Path(mkdtemp(".part", f"{target.name}.", target.parent))
    try:
        yield aside
        if not there:
            aside.replace(target)
    except BaseException:
        with suppress(OSError):                       # what is told is why the backup failed
            for path in aside.iterdir():
                path.unlink()
            if not there:
                aside.rmdir()
        raise


def _manifest(room: Room, folder: Path, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Writes what the folder holds, with sums; the trail's head and the files' names."""
    with room.control.read() as unit:
        head = str(unit.audit.head())
    sums = {path.name: _sum(path) for path in sorted(folder.iterdir())}
    manifest = {"format": "rollout-backup/1", "made_at": now.isoformat(), "version": __version__,
                "audit_head": head, "sha256": sums}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return head, tuple(sums)


def _recorded(room: Room, actor: Actor, request: Backup, target: Path) -> tuple[int, tuple[str, ...]]:
    """(number in the trail, warnings). A store whose file was removed can still be saved, but not be written."""
    try:
        return act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: unit.audit.append(entry(
            actor, when, NAME, after={"directory": target.name}, reason=(request.reason or "").strip())).seq), ()
    except StoreCorrupt as error:
        return 0, (f"The backup is not in the trail: {error.message}",)


def _folder(room: Room, request: Backup, now: datetime) -> Path:
    """Where the backup goes: an empty folder or a new one."""
    target = Path(request.directory) if request.directory else room.directory / BACKUPS / f"{now:%Y%m%dT%H%M%S.%fZ}"
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidRequest(f"{target} is not empty.", mend="Name an empty or a new folder.", directory=str(target))
    return target


def _copy(room: Room, target: Path) -> tuple[str, ...]:
    room.control.snapshot(target / CONTROL_COPY)
    store_key(room.directory)
    shutil.copy2(room.directory / KEY_FILE, target / KEY_FILE)
    try:
        room.events.snapshot(target / EVENTS_COPY)
    except StoreUnavailable as error:
        return (f"The event store is not in this backup: {error.message}",)
    return ()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
