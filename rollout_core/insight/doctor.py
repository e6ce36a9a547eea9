"""Is the store sound? Every check with its state, what was found and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
