"""Is the store sound? Every check with its state, what was found and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.errors import RolloutError, StoreCorrupt
from rollout_core.ports.event_store import StoreCondition
from rollout_core.ports.free_disk import in_words
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """`head`: an anchor of the audit trail kept outside."""

    head: str | None = None


@dataclass(frozen=True, slots=True)
class Checkup:
    """One check. `state`: ok | warning | broken | unknown (could not be looked at)."""

    key: str
    name: str
    state: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class DoctorAnswer:
    """`sound` is True when nothing is broken."""

    sound: bool
    checks: tuple[Checkup, ...]
    computed_at: datetime


Look = Callable[[Room, DoctorRequest], Iterable[Checkup]]
WINDOWS_LATE = timedelta(minutes=30)
IN_MEMORY = "memory"
"""The path of an event store without a file."""

MOST_NAMED = 3
"""So many days that could not be summed up are named."""



def answer(room: Room, request: DoctorRequest) -> DoctorAnswer:
    """Looks at everything; a check that cannot be made is unknown, and never stops the others."""
    checks = tuple(check for make in CHECKS for check in make(room, request))
    return DoctorAnswer(not any(check.state == "broken" for check in checks), checks, room.clock.now())


def _control(room: Room, request: DoctorRequest) -> Iterable[Checkup]:
    found = room.control.check()
    yield Checkup("control", "Control store", "broken" if found else "ok", "; ".join(found) or "integrity check passed",
                  "Restore the last backup: rollout restore." if found else "")


def _audit(room: Room, request: DoctorRequest) -> Iterable[Checkup]:
    with room.control.read() as unit:
        verdict = unit.audit.verify(request.head)
    found = "; ".join(f"record {each.seq}: {each.what}" for each in verdict.findings[:3])
    whole = f"{verdict.records:,} records, chain whole" + (", anchored" if verdict.anchored else "")
    yield Checkup("audit", "Audit chain", "ok" if verdict.whole else "broken", whole if verdict.whole else found,
                  "" if verdict.whole else "Keep a copy and compare with a backup: somebody edited the trail.")


def _events(room: Room, request: DoctorRequest) -> Iterable[Checkup]:
    condition = room.events.condition()
    yield Checkup("events", "Event store", "broken" if condition.problems else "ok",
                  "; ".join(condition.problems)
                  or f"{sum(condition.rows.values()):,} rows in all tables (events, sums, register), "
                     f"version {condition.version}",
                  "Restore the last backup, or move the file aside." if condition.problems else "")
    mebibytes = (condition.file_bytes + condition.wal_bytes) / 2**20
    wal = condition.wal_bytes / 2**20
    yield Checkup("size", "Size on disk", "ok", f"{mebibytes:,.0f} MiB, of it {wal:,.0f} MiB write-ahead log")
    if condition.path != IN_MEMORY:
        low = condition.free_bytes < condition.least_free_bytes
        yield Checkup("disk", "Free disk", "broken" if low else "ok", f"{in_words(condition.free_bytes)} free",
                      f"Events are refused below {in_words(condition.least_free_bytes)}; pause and stop still work."
                      if low else "")
    holder = f"process {condition.holder_pid}" if condition.holder_pid else "nobody"
    yield Checkup("lock", "Lock", "ok", f"held by {holder}")
    yield from _windows(room, condition)
    yield _aside(condition)
    refused = sum(condition.dead_letters.values())
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(condition.dead_letters.items()))
    yield Checkup("dead_letters", "Dead letters", "warning" if refused else "ok",
                  f"{refused:,} refused events" + (f": {reasons}" if reasons else ""),
                  "See the reasons on the events page and mend the sender." if refused else "")


def _windows(room: Room, condition: StoreCondition) -> Iterable[Checkup]:
    if condition.closed_until_at is None:
        yield Checkup("windows", "Closed windows", "unknown", "no window has been closed yet",
                      "Windows are closed while the app runs.")
        return
    behind = room.clock.now() - condition.closed_until_at
    late = behind > WINDOWS_LATE
    yield Checkup("windows", "Closed windows", "warning" if late else "ok",
                  f"closed until {condition.closed_until_at:%Y-%m-%d %H:%M} UTC",
                  "Windows are closed while the app runs; start it." if late else "")


def _aside(condition: StoreCondition) -> Checkup:
    """Days whose sums could not be made: their numbers are incomplete until an attempt succeeds."""
    named = ", ".join(f"{each.day} (tried {_times(each.tries)}: {each.why})" for each in condition.aside[:MOST_NAMED])
    more = f" and {len(condition.aside) - MOST_NAMED} more" if len(condition.aside) > MOST_NAMED else ""
    return Checkup("days", "Days summed up", "broken" if condition.aside else "ok",
                   f"could not be summed up: {named}{more}" if condition.aside else "all",
                   "The numbers of these days are incomplete. They are tried again by themselves; look for events with "
                   "impossible values on them, or give the machine more memory." if condition.aside else "")


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"


def _emergency(room: Room, request: DoctorRequest) -> Iterable[Checkup]:
    present = (room.directory / "emergency.json").exists()
    yield Checkup("emergency", "Emergency file", "warning" if present else "ok",
                  "emergency.json is there: it wins at the next start" if present else "none",
                  "Resume the rollout as an admin to lift it." if present else "")


def _guarded(look: Look, key: str, name: str) -> Look:
    """A look that fails becomes a check of its own."""
    def careful(room: Room, request: DoctorRequest) -> Iterable[Checkup]:
        try:
            return tuple(look(room, request))
        except RolloutError as error:
            return (Checkup(key, name, "broken" if isinstance(error, StoreCorrupt) else "unknown", error.message,
                            error.mend),)
    return careful


CHECKS: tuple[Look, ...] = (
    _guarded(_control, "control", "Control store"), _guarded(_audit, "audit", "Audit chain"),
    _guarded(_events, "events", "Event store"), _guarded(_emergency, "emergency", "Emergency file"),
)
