"""Copy the event store while the app runs: one consistent DuckDB file for a notebook, in the store's folder.

The copy holds what the store holds: subject keys, the register's mirror, dead letters. So it is an admin's, audited,
and readable by the owner of the files only; `forget` names it among the files that may still hold a subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rollout_core.control.change import Change
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act, recorded_refusals
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.room import Room

NAME = "copy_events"
COPIES = "copies"
"""The folder in the store's where copies lie."""
KEPT = 3
"""How many; an older one goes when a new one is there."""


@dataclass(frozen=True, slots=True)
class CopyEvents:
    """`reason` goes into the trail."""

    reason: str = ""


def copy_events(room: Room, actor: Actor, request: CopyEvents) -> Change:
    """Copies; the result names the file. Raises NotPermitted, DiskFull, StoreUnavailable."""
    with recorded_refusals(room, actor, NAME, request):
        require(actor, Role.ADMIN, "copy the event store")
    folder = room.directory / COPIES
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = room.events.snapshot(folder / f"events-{room.clock.now():%Y%m%dT%H%M%S.%fZ}.duckdb")
    made.chmod(0o600)
    dropped = _drop_old(folder)
    change = act(room, Attempt(actor, NAME, request, Role.ADMIN), lambda unit, when: Change(
        NAME, None, unit.audit.append(entry(actor, when, NAME, reason=request.reason.strip(),
                                            after={"file": made.name, "dropped": dropped})).seq))
    return Change(NAME, None, change.audit_seq,
                  result={"file": str(made), "bytes": made.stat().st_size, "dropped": dropped})


def _drop_old(folder: Path) -> tuple[str, ...]:
    """Removes all but the newest copies; their names sort by time."""
    old = sorted(folder.glob("events-*.duckdb"))[:-KEPT]
    for path in old:
        path.unlink(missing_ok=True)
    return tuple(path.name for path in old)
