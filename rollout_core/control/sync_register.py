"""Brings the event store's columnar mirror of the register up to the register itself."""

from __future__ import annotations

from itertools import groupby

from rollout_core.ports.control_records import RegisterChange
from rollout_core.ports.room import Room

PAGE = 50_000
MIRRORED = "register_mirrored"
"""The number of the last change that the mirror holds."""

REPLACED_EVENTS = "events.duckdb.replaced"
"""A mark beside the store: its event file is another one than the mirror was copied into."""


def sync_register(room: Room) -> int:
    """Copies what changed since last time, in order; how many rows. Repeating it adds nothing.

    Raises StoreUnavailable when the event store is away: the next call catches up.
    """
    if (room.directory / REPLACED_EVENTS).exists():
        _start_over(room)
    copied = 0
    while changes := _next_page(room):
        for unit, rows in groupby(changes, key=lambda change: change.unit):
            _copy(room, unit, list(rows))
        with room.control.write() as unit_of_work:
            unit_of_work.meta.set(MIRRORED, str(changes[-1].number))
        copied += len(changes)
    if copied:
        room.counts.outdate()
    return copied


def copy_register(room: Room) -> int:
    """Copies the whole register, whatever the mirror is said to hold; how many rows."""
    _start_over(room)
    return sync_register(room)


def _start_over(room: Room) -> None:
    with room.control.write() as unit:
        unit.meta.set(MIRRORED, "0")
    (room.directory / REPLACED_EVENTS).unlink(missing_ok=True)


def _next_page(room: Room) -> tuple[RegisterChange, ...]:
    with room.control.read() as unit:
        return unit.register.changes(int(unit.meta.get(MIRRORED) or 0), PAGE)


def _copy(room: Room, unit: str, rows: list[RegisterChange]) -> None:
    """Who left the register leaves its mirror; what they did stays until somebody has them forgotten."""
    room.events.mirror_subjects(unit, [(row.id, row.attributes) for row in rows])
