"""What a restore does not undo: the trail, epochs, decisions and plans since; rights taken away; subjects forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollout_core.control.trail import reference
from rollout_core.errors import StoreCorrupt
from rollout_core.ports.control_records import AuditRecord, RegisterChange
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

PAGE = 10_000


def carry_over(room: Room, live: ControlUnit, copy: ControlUnit) -> None:
    """Brings into the copy what must not be lost. An empty present (a fresh store) takes nothing away."""
    newer = _trail(live, copy)
    _history(live, copy)
    _rights(room, live, copy)
    _forgotten(room, copy, newer)
    for message in copy.outbox.waiting():
        copy.outbox.save(replace(message, dead_at=room.clock.now(), error="waited in a backup that was restored"))


def _trail(live: ControlUnit, copy: ControlUnit) -> tuple[AuditRecord, ...]:
    """Appends the records made since the backup when they follow its last one; what was appended.

    A present trail that does not contain the backup's is another store's: then the backup's goes on alone, and the
    restore's own entry names both heads.
    """
    head = copy.audit.head()
    newer = tuple(live.audit.walk(after=head.seq))
    try:
        copy.audit.extend(newer)
    except StoreCorrupt:
        return ()
    for record in newer:
        name = live.audit.name_of(record.entry.subject) if record.entry.subject else None
        if name is not None and record.entry.subject is not None:
            copy.audit.remember_name(record.entry.subject, *name)
    return newer


def _history(live: ControlUnit, copy: ControlUnit) -> None:
    """Plan versions, epochs and decisions that the backup does not have."""
    known_plans = live.plans.keys()
    for key in known_plans:
        known = {each.version for each in copy.plans.versions(key)}
        for version in live.plans.versions(key):
            if version.version not in known:
                copy.plans.save(live.plans.get(key, version.version), live.plans.document(key, version.version),
                                version.saved_at, version.by)
    for rollout in live.rollouts.all():
        newest = copy.epochs.current(rollout.key)
        for epoch in live.epochs.of(rollout.key):
            if newest is None or epoch.number > newest.number:
                copy.epochs.add(epoch)
    known_to = copy.decisions.tail(limit=1)
    last = known_to[0].number if known_to else 0
    for record in reversed(live.decisions.tail(limit=1_000_000)):
        if record.number > last:
            copy.decisions.append(record)


def _rights(room: Room, live: ControlUnit, copy: ControlUnit) -> None:
    """People, tokens and sessions are those of now; a session or a link only the backup knows is ended."""
    copy.people.end_links(room.clock.now())
    for person in live.people.all():
        copy.people.save(person)
    for token in live.tokens.all():
        copy.tokens.add(token)
    present = {session.id: session for session in live.sessions.all()}
    for session in copy.sessions.all():
        if session.id not in present:
            copy.sessions.revoke(session.id, room.clock.now())
    for session in present.values():
        copy.sessions.add(session)


def _forgotten(room: Room, copy: ControlUnit, newer: tuple[AuditRecord, ...]) -> None:
    """Subjects forgotten since the backup are forgotten in it too: only their references are known, so all are tried.
    """
    gone = {record.entry.subject for record in newer
            if record.entry.verb == "forget" and record.entry.outcome == "done"}
    if not gone:
        return
    for subject in gone:
        copy.audit.forget_name(str(subject))
    for each in _changes(copy):
        if reference(room, each.unit, each.id) in gone:
            copy.register.remove(each.unit, each.id)
            copy.register.purge_removed(each.unit, each.id)
    for rollout in copy.rollouts.all():
        for override in copy.overrides.of(rollout.key):
            if reference(room, rollout.unit, override.subject) in gone:
                copy.overrides.remove(rollout.key, override.subject, override.flag)


def _changes(copy: ControlUnit) -> Iterator[RegisterChange]:
    """Every subject of every unit, and what is left of those that were removed, in pages."""
    after = 0
    while page := copy.register.changes(after, PAGE):
        yield from page
        after = page[-1].number
