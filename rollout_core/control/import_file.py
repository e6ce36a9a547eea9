"""Import a file: its events into the event store, its subjects into the register; repeating it adds nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.sync_register import sync_register
from rollout_core.control.trail import entry
from rollout_core.control.transact import commit, recorded_refusals
from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, accept
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.event_store import Batch
from rollout_core.ports.import_source import ImportBatch, ImportSource
from rollout_core.ports.room import Room

NAME = "import_file"
SUBJECTS_AT_ONCE = 20_000

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ImportFile:
    """`file` and `mapping` are paths on the machine the store is on."""

    file: str
    mapping: str
    reason: str | None = None


def import_file(room: Room, actor: Actor, request: ImportFile, progress: Progress = lambda done: None) -> Change:
    """Reads the whole file. Each batch is one transaction under a token, so a killed import may be repeated.

    `progress` is told the share that is done. Unreadable rows and unbelievable events go to the dead letters. Raises
    NotPermitted, InvalidDocument (mapping), InvalidRequest (file), DiskFull, StoreUnavailable.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "import a file")
        source = _opened(room, request)
        counts = _Import(room, source, Path(request.file).name).run(progress)
        return commit(room, lambda unit, when: _noted(unit, actor, request, when, source.fingerprint, counts))


def _opened(room: Room, request: ImportFile) -> ImportSource:
    if room.imports is None:
        raise InvalidRequest("This process cannot read files.", mend="Import where the store is.")
    return room.imports.open(Path(request.file), Path(request.mapping))


@dataclass(frozen=True, slots=True)
class _Import:
    """One run over a file."""

    room: Room
    source: ImportSource
    name: str

    def run(self, progress: Progress) -> Counter[str]:
        """What was read and what became of it."""
        counts: Counter[str] = Counter(rows=0, stored=0, duplicates=0, rejected=0, subjects=0, repeated_batches=0)
        fingerprint = self.source.fingerprint
        for batch in self.source.batches():
            counts += self._keep(batch, f"import:{fingerprint}:{batch.offset}")
            progress(batch.done)
        if counts["subjects"]:
            sync_register(self.room)
        return counts

    def _keep(self, batch: ImportBatch, token: str) -> Counter[str]:
        received_at = self.room.clock.now()
        accepted, refused = self._judged(batch, received_at)
        written = self.room.events.write(Batch(
            accepted, received_at, (*batch.rejected, *refused), token, sender=f"import {self.name}", ordered=True))
        for start in range(0, len(batch.subjects), SUBJECTS_AT_ONCE):
            with self.room.control.write() as unit:
                unit.register.upsert_many(batch.subjects[start:start + SUBJECTS_AT_ONCE])
        return Counter(rows=batch.rows, stored=written.stored, duplicates=written.duplicates,
                       rejected=written.rejected, subjects=len(batch.subjects), repeated_batches=int(written.repeated))

    def _judged(self, batch: ImportBatch, received_at: datetime) -> tuple[Sequence[Accepted], Sequence[Rejected]]:
        sender, limits = Sender(trusted=True, name=NAME, historical=True), Limits()
        judged = [accept(event, sender, received_at, limits) for event in batch.events]
        return ([one for one in judged if isinstance(one, Accepted)],
                [one for one in judged if isinstance(one, Rejected)])


def _noted(unit: ControlUnit, actor: Actor, request: ImportFile, when: Moment, fingerprint: str,
           counts: Counter[str]) -> Change:
    result = {"file": Path(request.file).name, "mapping": Path(request.mapping).name, "fingerprint": fingerprint,
              **{name: counts[name] for name in
                 ("rows", "stored", "duplicates", "rejected", "subjects", "repeated_batches")}}
    record = unit.audit.append(entry(actor, when, NAME, reason=request.reason or "", after=result))
    return Change(NAME, None, record.seq, result=result)
