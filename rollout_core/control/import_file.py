"""Import a file: batch by batch, each once. A killed import that is repeated adds the rest and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec.structs import replace

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
from rollout_core.ports.import_source import ImportBatch, ImportSource
from rollout_core.ports.room import Room

NAME = "import_file"
TOLD_REFUSED = 5
"""So many refused rows are told with their reason; all of them lie with the dead letters."""
RAW = 200
"""Characters of a refused row that are told."""

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
    first_refused: list[Rejected] = field(default_factory=list)
    """At most TOLD_REFUSED, as they came."""

    def refuse(self, refused: Iterable[Rejected]) -> None:
        """Remembers the first ones, for the answer."""
        self.first_refused.extend(islice(refused, TOLD_REFUSED - len(self.first_refused)))


def import_file(room: Room, actor: Actor, request: ImportFile, progress: Progress = lambda done: None) -> Change:
    """Stores the file's events and subjects; the result counts them and tells the first that were refused. All of those
    lie with the dead letters.

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
        result={**counted, "refused": _told(source, tally.first_refused)}))


def _told(source: ImportSource, refused: Sequence[Rejected]) -> tuple[dict[str, Any], ...]:
    """Refused rows for whoever mends the file: its line and row (both from 1; None where not known), the reason for
    machines and for people, and what stood there."""
    rows = {one.row for one in refused if one.row is not None}
    lines = source.lines(rows) if rows else {}
    return tuple({"line": None if one.row is None else lines.get(one.row),
                  "row": None if one.row is None else one.row + 1, "kind": one.kind,
                  "reason": str(one.reason), "detail": one.detail, "raw": one.raw[:RAW]}
                 for one in sorted(refused, key=lambda one: -1 if one.row is None else one.row))


def refused_words(rejected: int) -> str:
    """How many rows or events were refused, and where all of them are."""
    many = "1 row or event was" if rejected == 1 else f"{rejected:,} rows or events were"
    return f"{many} refused; the newest also on the page Settings, Store, and with `rollout ask events_health`."


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
    if not written.repeated:
        late = (*refused, *written.refused)
        tally.refuse((*batch.rejected, *(replace(one, row=batch.row_of(one.event_id or "")) for one in late)))


def _judged(batch: ImportBatch, actor: Actor, now: datetime) -> tuple[Sequence[Accepted], Sequence[Rejected]]:
    sender, limits = Sender(trusted=True, name=actor.principal, historical=True), Limits()
    judged = [accept(event, sender, now, limits) for event in batch.events]
    return ([one for one in judged if isinstance(one, Accepted)],
            [one for one in judged if isinstance(one, Rejected)])
