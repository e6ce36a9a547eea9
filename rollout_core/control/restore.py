"""Restore a backup. Nobody's exposure rises by it: every running rollout is held at the lesser of then and now.

What happened since the backup is not undone where that would hurt: the audit trail, decisions, revoked tokens, ended
sessions and forgotten subjects stay as they are (see `carry_over`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from shutil import copy2, copyfile

from rollout_core.control.backup import CONTROL_COPY, EVENTS_COPY, MANIFEST
from rollout_core.control.carry_over import carry_over
from rollout_core.control.change import Change
from rollout_core.control.forget_again import mark_unforgotten
from rollout_core.control.held_rollouts import hold_all
from rollout_core.control.moment import moment
from rollout_core.control.open_snapshot import open_snapshot
from rollout_core.control.sync_register import MIRRORED, REPLACED_EVENTS
from rollout_core.control.trail import entry
from rollout_core.control.transact import recorded_refusals
from rollout_core.errors import InvalidRequest, ReasonMissing, StoreCorrupt, StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.free_disk import in_words_of_the_disk
from rollout_core.ports.room import Room
from rollout_core.ports.store_key import KEY_FILE

NAME = "restore"
BESIDE_EVENTS = (".wal", ".acknowledged")
"""What belongs to an event file: its log, and the number of the last batch that was acknowledged into it."""

STAGED_EVENTS, STAGED_KEY = "events.duckdb.restore", "store.key.restore"
"""A copied event store, and the key it was written with, that take their places at the next start, before the file is
opened."""


@dataclass(frozen=True, slots=True)
class Restore:
    """`directory` of a backup. `events` False leaves the event store as it is."""

    directory: str
    events: bool = True
    reason: str | None = None


def restore(room: Room, actor: Actor, request: Restore) -> Change:
    """Puts the backup's control store in place at once and stages its events for the next start.

    Raises NotPermitted, ReasonMissing, InvalidRequest (no backup there), StoreCorrupt (a sum differs), StoreTooNew,
    DiskFull; nothing is changed then.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "restore a backup")
        if not (request.reason or "").strip():
            raise ReasonMissing("Restoring a backup needs a reason.", mend="Say why.")
    source = Path(request.directory)
    check_backup(source)
    beside = _beside(room, source) if request.events else ()
    try:
        held, seq, backup_seq = room.control.replace_with(
            source / CONTROL_COPY, lambda live, copy: _amend(room, actor, request, live, copy))
    except BaseException:
        _take_away(beside)
        raise
    staged, told = _stage(room, beside, backup_seq)
    return Change(NAME, None, seq, warnings=(*open_snapshot(room), *told),
                  result={"held": held, "events_staged": staged})


def check_backup(source: Path) -> None:
    """Compares every file with the manifest's sums. Raises InvalidRequest, StoreCorrupt."""
    try:
        sums = json.loads((source / MANIFEST).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(f"{source} holds no backup: its {MANIFEST} cannot be read.",
                             mend="Name a folder that `rollout backup` made.", directory=str(source)) from error
    for name, expected in sums.items():
        path = source / Path(name).name
        if not path.is_file() or _sum(path) != expected:
            raise StoreCorrupt(f"{path} is not what the backup's manifest says.", mend="Use another backup.",
                               file=str(path))


def _amend(room: Room, actor: Actor, request: Restore, live: ControlUnit,
           copy: ControlUnit) -> tuple[list[str], int, int]:
    """Everything that happens to the copy before it becomes the store: one transaction of the copy.

    Who is held, the number of the restore's entry in the trail, and that of the backup's newest one.
    """
    backup_head = copy.audit.head()
    carry_over(room, live, copy)
    when = moment(room, copy)
    held = hold_all(live, copy, when.at)
    copy.meta.set(MIRRORED, "0")
    record = copy.audit.append(entry(
        actor, when, NAME, reason=(request.reason or "").strip(), before={"audit_head": str(live.audit.head())},
        after={"backup_head": str(backup_head), "held": held}))
    return held, record.seq, backup_head.seq


def _beside(room: Room, source: Path) -> tuple[Path, ...]:
    """Copies the backup's events beside the open store, before anything is changed: it takes longest and may find no
    room. They know subjects by the backup's store.key, so in another folder (a new machine) that comes along, first.
    """
    if not (source / EVENTS_COPY).is_file():
        return ()
    copy, present = source / KEY_FILE, room.directory / KEY_FILE
    foreign = copy.is_file() and not (present.is_file() and copy.read_bytes() == present.read_bytes())
    named = [*([(copy, STAGED_KEY)] if foreign else []), (source / EVENTS_COPY, STAGED_EVENTS)]
    parts = [(each, room.directory / f"{name}.part") for each, name in named]
    try:
        with in_words_of_the_disk(room.directory):
            for each, part in parts:
                part.touch(mode=0o600)
                copyfile(each, part)
    except StoreError:
        _take_away(part for _, part in parts)
        raise
    return tuple(part for _, part in parts)


def _take_away(parts: Iterable[Path]) -> None:
    for part in parts:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _stage(room: Room, beside: tuple[Path, ...], backup_seq: int) -> tuple[bool, tuple[str, ...]]:
    """Gives the copies the names that the next start takes, the mark first and the events last; what is told of it.

    What an earlier restore staged goes before, its events first: none are ever staged with another's key or mark.
    """
    if not beside:
        return False, ()
    try:
        with in_words_of_the_disk(room.directory):
            for earlier in (STAGED_EVENTS, STAGED_KEY):
                (room.directory / earlier).unlink(missing_ok=True)
            mark_unforgotten(room.directory, backup_seq)
            for part in beside:
                part.replace(part.with_suffix(""))
    except StoreError as error:
        return False, (f"The events are as they were: {error} Then restore once more.",)
    return True, (f"The event store takes the backup's events at the next start ({STAGED_EVENTS}).",)


def take_staged_events(directory: Path) -> bool:
    """Puts a staged event store in place of the present one, which is kept beside it; True when there was one.

    To be called before the event file is opened (its name is what `bootstrap` opens) and while nobody else has it open:
    whoever has would go on writing into the file that was put aside, and into its log by the name of the new one's.
    """
    staged, events = directory / STAGED_EVENTS, directory / EVENTS_COPY
    if not staged.is_file():
        return False
    for left in (events, *(directory / f"{EVENTS_COPY}{each}" for each in BESIDE_EVENTS)):
        if left.exists():
            left.replace(left.with_name(f"{left.name}.before-restore"))
    if (directory / STAGED_KEY).is_file():
        key = directory / KEY_FILE
        if key.exists():                    # at no moment is there none: whoever needs one then would make it anew
            copy2(key, key.with_name(f"{KEY_FILE}.before-restore"))
        (directory / STAGED_KEY).replace(key)
    (directory / REPLACED_EVENTS).touch()
    staged.replace(events)
    return True


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
