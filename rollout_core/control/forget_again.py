"""A backup's events still hold who was forgotten since it was made: those subjects are erased from them as well.

A restore leaves a mark with the backup's place in the trail. When the restored event file is opened, every subject that
the trail forgets after that place is erased from it, by its key; only then the mark goes and anybody may read.
"""

from __future__ import annotations

from pathlib import Path

from rollout_core.errors import StoreCorrupt
from rollout_core.ports.control_store import ControlStore
from rollout_core.ports.event_store import EventStore

UNFORGOTTEN = "events.duckdb.forget"
"""The mark beside the store: the number of the backup's newest entry in the trail."""


def mark_unforgotten(directory: Path, backup_seq: int) -> None:
    """Says that the staged events know nothing of what was forgotten after entry `backup_seq`."""
    aside = directory / f"{UNFORGOTTEN}.part"
    aside.write_text(str(backup_seq), encoding="ascii")
    aside.replace(directory / UNFORGOTTEN)


def forget_again(directory: Path, control: ControlStore, events: EventStore) -> int:
    """Erases whom the trail forgot since the backup; how many subjects. Repeating is harmless.

    Raises StoreCorrupt for a mark that cannot be read, StoreError when the events cannot be changed: the mark stays.
    """
    mark = directory / UNFORGOTTEN
    if not mark.is_file():
        return 0
    keys = forgotten_since(control, _seq_of(mark))
    if keys:
        events.forget_keys(keys)
    mark.unlink()
    return len(keys)


def forgotten_since(control: ControlStore, seq: int) -> frozenset[int]:
    """Keys of the subjects that the trail forgets after entry `seq`: its references are their keys in hexadecimal."""
    with control.read() as unit:
        entries = [record.entry for record in unit.audit.walk(after=seq)]
    return frozenset(int(entry.subject, 16) for entry in entries
                     if entry.verb == "forget" and entry.outcome == "done" and entry.subject)


def _seq_of(mark: Path) -> int:
    try:
        return int(mark.read_text(encoding="ascii"))
    except ValueError as error:
        raise StoreCorrupt(f"{mark} does not say which subjects are still to be forgotten.",
                           mend="Restore the backup once more.", file=str(mark)) from error
