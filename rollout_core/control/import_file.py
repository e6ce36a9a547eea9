"""Import a file: batch by batch, each once. A killed import that is repeated adds the rest and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_core.control.change import Change
from rollout_core.control.sync_register import sync_register
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act, recorded_refusals
from rollout_core.errors import StoreUnavailable
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, accept
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.event_store import Batch
from rollout_core.ports.import_source import ImportBatch
from rollout_core.ports.room import Room

NAME = "import_file"

Progress = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file of this machine and the mapping document that says which column means what."""

    file: str
    mapping: str
    reason: str | None = None


@dataclass(slots=True)
class Tally:
    """What an import did so far: rows read, what became of their events, subjects kept."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    subjects: int = 0
    rejected: int = 0


def import_file(room: Room, actor: Actor, request: ImportFile, progress: Progress = lambda done: None) -> Change:
    """Stores the file's events and subjects; the result counts them. Bad rows lie with the dead letters.

    `progress` is told the share that is done (0..1). Raises NotPermitted, InvalidDocument (mapping), InvalidRequest
    (file), DiskFull, StoreUnavailable.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "import a file")
    if room.open_import is None:
        raise StoreUnavailable("This process reads no files.", mend="Ask the running app, or use the command line.")
    source, tally = room.open_import(request.file, request.mapping), Tally()
    for batch in source.batches():
        _keep_subjects(room, batch, tally)
        _keep_events(room, actor, batch, f"{source.identity}:{batch.offset}", tally)
        progress(batch.done)
    if tally.subjects:
        sync_register(room)
    counted = {"read": tally.read, "stored": tally.stored, "duplicates": tally.duplicates,
               "subjects": tally.subjects, "rejected": tally.rejected}
    warnings = (refused_words(tally.rejected),) if tally.rejected else ()
    return act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: Change(
        NAME, None, unit.audit.append(entry(
            actor, when, NAME, reason=(request.reason or "").strip(),
            after={"file": source.name, "identity": source.identity, **counted})).seq, warnings=warnings,
        result=counted))


def refused_words(rejected: int) -> str:
    """How many rows or events were refused, and where to read why."""
    many = "1 row or event was" if rejected == 1 else f"{rejected:,} rows or events were"
    return f"{many} refused; `rollout ask events_health` and the page Settings, Store say why."


def _keep_subjects(room: Room, batch: ImportBatch, tally: Tally) -> None:
    if batch.subjects:
        with room.control.write() as unit:
            tally.subjects += unit.register.upsert_many(batch.subjects)


def _keep_events(room: Room, actor: Actor, batch: ImportBatch, token: str, tally: Tally) -> None:
    """The batch's events in one transaction under its token; a repetition stores nothing and counts as duplicates."""
    tally.read += batch.rows
    if not batch.events and not batch.rejected:
        return
    now = room.clock.now()
    accepted, refused = _judged(batch, actor, now)
    written = room.events.write(Batch(accepted, now, (*batch.rejected, *refused), token, actor.principal, ordered=True))
    tally.stored += written.stored
    tally.duplicates += written.duplicates + (len(accepted) if written.repeated else 0)
    tally.rejected += written.rejected


def _judged(batch: ImportBatch, actor: Actor, now: datetime) -> tuple[Sequence[Accepted], Sequence[Rejected]]:
    sender, limits = Sender(trusted=True, name=actor.principal, historical=True), Limits()
    judged = [accept(event, sender, now, limits) for event in batch.events]
    return ([one for one in judged if isinstance(one, Accepted)],
            [one for one in judged if isinstance(one, Rejected)])
