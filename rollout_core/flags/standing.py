"""Standing: what decides a flag before chance is asked. Strongest first: stop, pause, an override for the subject, the
environment; then the rollout must run, the flag must have entered, and its prerequisite must not be switched off.

A prerequisite that is merely out by chance is out for the same subjects as the flag itself, and they are its control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from rollout_core.flags.decision import Reason
from rollout_core.flags.flag import Flag
from rollout_core.flags.override import EnvironmentOverride, Override
from rollout_core.flags.snapshot import ServedRollout

RUNNING = frozenset({"running", "held", "completed"})
"""The statuses in which chance is asked."""


class Forced(NamedTuple):
    """A flag decided before chance is asked."""

    on: bool
    reason: Reason
    detail: str = ""


def standing_of(served: ServedRollout, flags: Mapping[str, Flag], flag: Flag) -> Forced | None:
    """What decides a flag for every subject without an override of its own; None when chance does."""
    return _standing(served, flags, flag, None)


def forced_for(served: ServedRollout, flags: Mapping[str, Flag], flag: Flag,
               override: Mapping[str, Override]) -> Forced | None:
    """The same for a subject with overrides, given as the one in force per flag (`overrides_in_force`)."""
    return _standing(served, flags, flag, override)


def overrides_in_force(overrides: Iterable[Override], flags: Iterable[str], now: datetime) -> dict[str, Override]:
    """Per flag the override of one subject that holds now: one for the flag beats one for all flags, a later one an
    earlier; expired ones do not count."""
    valid = [override for override in overrides if override.until_at is None or now < override.until_at]
    general = [override for override in valid if override.flag is None]
    found = dict.fromkeys(flags, general[-1]) if general else {}
    return found | {override.flag: override for override in valid if override.flag is not None}


def _standing(served: ServedRollout, flags: Mapping[str, Flag], flag: Flag, overrides: Mapping[str, Override] | None,
              seen: frozenset[str] = frozenset()) -> Forced | None:
    """Walks the order, and the chain of prerequisites as far as nothing above chance decides."""
    decided = _without_prerequisite(served, flag, overrides or {})
    if decided is not None or flag.prerequisite is None:
        return decided
    needed = flags.get(flag.prerequisite)
    if needed is None or needed.key in seen:
        return Forced(False, Reason.PREREQUISITE_OFF, flag.prerequisite)
    above = _standing(served, flags, needed, overrides, seen | {flag.key})
    return None if above is None or above.on else Forced(False, Reason.PREREQUISITE_OFF, flag.prerequisite)


def _without_prerequisite(served: ServedRollout, flag: Flag, overrides: Mapping[str, Override]) -> Forced | None:
    """The first thing in the order that decides this flag by itself."""
    if served.stopped:
        return Forced(False, Reason.STOPPED)
    if served.paused:
        return Forced(False, Reason.PAUSED)
    if flag.key in overrides:
        return _by_person(overrides[flag.key])
    for forced in served.environment:
        if forced.flag == flag.key:
            return _by_environment(forced)
    if served.status not in RUNNING:
        return Forced(False, Reason.NOT_RUNNING, served.status)
    return None if flag.key in served.served else Forced(False, Reason.NOT_ENTERED)


def _by_person(override: Override) -> Forced:
    return Forced(override.value, Reason.SUBJECT_OVERRIDE, f"by {override.by}: {override.reason}")


def _by_environment(override: EnvironmentOverride) -> Forced:
    return Forced(override.value, Reason.ENVIRONMENT_OVERRIDE, f"{override.variable}={str(override.value).lower()}")
