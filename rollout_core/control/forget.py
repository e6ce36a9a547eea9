"""Forget a subject: events, register, overrides and the name behind its references in the trail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.control.trail import entry, reference
from rollout_core.control.transact import Attempt, act, recorded_refusals
from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.event_store import Forgotten
from rollout_core.ports.room import Room

NAME = "forget"
BACKUPS = "backups"
"""The folder beside the store where backups are kept unless another one is named."""


@dataclass(frozen=True, slots=True)
class Forget:
    """The subject's unit (workspace, user …) and id."""

    unit: str
    subject: str
    reason: str | None = None


def forget(room: Room, actor: Actor, request: Forget) -> Change:
    """Erases the subject; the result counts what was removed and lists files that may still hold it.

    The event store goes first: when it is away nothing is done and StoreUnavailable says so. Repeating is harmless.
    Raises NotPermitted, InvalidRequest.
    """
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "erase a subject")
    if not request.subject.strip() or not request.unit.strip():
        raise InvalidRequest("Unit and id are needed.", mend="For instance: forget user u-17.")
    erased = room.events.forget(request.unit, request.subject)
    change = act(room, Attempt(actor, NAME, request, Role.ADMIN),
                 lambda unit, when: _make(room, unit, actor, request, erased, when))
    refresh_snapshot(room)
    return change


def _make(room: Room, unit: ControlUnit, actor: Actor, request: Forget, erased: Forgotten, when: Moment) -> Change:
    overrides = _overrides(unit, request)
    registered = unit.register.remove(request.unit, request.subject)
    unit.register.purge_removed(request.unit, request.subject)
    named_as = reference(room, request.unit, request.subject)
    named = unit.audit.forget_name(named_as)
    removed = {**erased.removed, "register": int(registered), "overrides": overrides, "names": int(named)}
    still = (*erased.still_in, *(str(path) for path in (*backups(room), *replaced(room))))
    record = unit.audit.append(entry(actor, when, NAME, subject=named_as, reason=(request.reason or "").strip(),
                                     after={"removed": removed, "still_in": len(still)}))
    return Change(NAME, None, record.seq, result={"removed": removed, "still_in": still, "subject": named_as})


def _overrides(unit: ControlUnit, request: Forget) -> int:
    """Takes away the subject's overrides in every rollout of its unit; how many."""
    removed = 0
    for rollout in unit.rollouts.all():
        if rollout.unit != request.unit:
            continue
        meant = [each for each in unit.overrides.of(rollout.key) if each.subject == request.subject]
        for each in meant:
            unit.overrides.remove(rollout.key, each.subject, each.flag)
        if meant:
            unit.rollouts.save(replace(rollout, revision=rollout.revision + 1), rollout.revision)
        removed += len(meant)
    return removed


def replaced(room: Room) -> tuple[Path, ...]:
    """What restores put aside: it holds whatever it held then."""
    return tuple(sorted(room.directory.glob("events.duckdb*.before-restore")))


def backups(room: Room) -> tuple[Path, ...]:
    """The backups in the store's own folder; those that somebody carried elsewhere nobody can list."""
    return tuple(sorted(path.parent for path in (room.directory / BACKUPS).glob("*/manifest.json")))
