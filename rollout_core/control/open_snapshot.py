"""What is served, from the control store into memory: at the start, and again when another process changed it.

Nothing here needs the event store: flags are evaluated while its file is locked, corrupt or gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from rollout_core.control.emergency import FILE, EmergencyStop, lift, read_emergency
from rollout_core.control.environment import environment_overrides
from rollout_core.control.moment import moment
from rollout_core.control.serving import UNREADABLE, as_recorded, served_of
from rollout_core.control.trail import entry
from rollout_core.errors import InvalidRequest, RolloutError
from rollout_core.flags.override import EnvironmentOverride
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Rollout

STARTER = Actor(principal="start", role=Role.ADMIN, via="setup", origin="start")
FORCED = "environment_overrides"
"""Where the store remembers which variables were in force, so that only a change of them is audited again."""


def open_snapshot(room: Room) -> tuple[str, ...]:
    """Serves every rollout, applies emergency.json, audits what the environment forces. Answers warnings in words.

    Raises InvalidRequest for a variable that cannot be read, StoreError when the control store cannot be.
    """
    with room.control.read() as unit:
        rollouts = unit.rollouts.all()
        served, unread = _readable(room, unit, rollouts)
        room.live.replace({each.key: each for each in served})
    emergencies = read_emergency(room)
    for key in emergencies:
        room.live.halt(key)
    warnings = [_commit_emergency(room, stop) for stop in emergencies.values()]
    return (*unread, *warnings, *_audit_environment(room))


def _readable(room: Room, unit: ControlUnit, rollouts: Iterable[Rollout]) -> tuple[list[ServedRollout], list[str]]:
    """What can be served, and of what cannot, why: a stored plan that this program does not read stops no other."""
    served, unread = [], []
    for rollout in rollouts:
        try:
            served.append(served_of(room, unit, rollout))
        except InvalidRequest:          # an environment variable, not the plan: the start ends in words
            raise
        except UNREADABLE as error:
            unread.append(f"{rollout.name} is served to nobody: its plan cannot be read. {error}")
    return served, unread


def refresh_snapshot(room: Room) -> bool:
    """Serves what other processes changed since; True when there was anything. One cheap read, call it every second."""
    changed = False
    for key in read_emergency(room):
        if key not in room.live.halted:
            changed = room.live.halt(key) or changed
    with room.control.read() as unit:
        for rollout in unit.rollouts.all():
            known = room.live.current.rollouts.get(rollout.key)
            if known is None or known.revision != rollout.revision:
                changed = _refreshed(room, unit, rollout, known) or changed
    return changed


def _refreshed(room: Room, unit: ControlUnit, rollout: Rollout, known: ServedRollout | None) -> bool:
    """Serves one rollout as recorded; True when that could be done."""
    try:
        room.live.swap(served_of(room, unit, rollout))
    except UNREADABLE:
        if known is None:
            return False
        room.live.swap(as_recorded(known, rollout))
    return True


def serve_again(room: Room, key: str) -> None:
    """Puts one rollout into the snapshot as the control store says."""
    with room.control.read() as unit:
        rollout = unit.rollouts.get(key)
        _refreshed(room, unit, rollout, room.live.current.rollouts.get(key))


def _commit_emergency(room: Room, stop: EmergencyStop) -> str:
    """Records a stop that could not be committed when it was made; it stays in force if that fails again."""
    from rollout_core.control.change_rollout import change_rollout
    from rollout_core.control.stop import VERB, Stop

    actor = Actor(principal=stop.by, role=Role.OPERATOR, via="emergency", origin=FILE)
    known = f", by a {stop.via} that the store last knew at {stop.known_at.isoformat()}" if stop.known_at else ""
    reason = f"{stop.reason} (stopped at {stop.at.isoformat()}{known}, recorded at the start)".strip()
    try:
        change_rollout(room, actor, VERB, Stop(stop.rollout, reason=reason))
        lift(room, stop.rollout)
    except RolloutError as error:
        return f"{stop.rollout} is stopped by {FILE}, which still cannot be recorded: {error}"
    return f"{stop.rollout} was stopped by {stop.by} while the store could not be written; it is recorded now."


def _audit_environment(room: Room) -> tuple[str, ...]:
    """One audit entry whenever the set of forced flags differs from the last start."""
    with room.control.read() as unit:
        forced = {rollout.key: environment_overrides(unit.plans.get(rollout.plan, rollout.plan_version),
                                                     room.environment) for rollout in unit.rollouts.all()
                  if rollout.key in room.live.current.rollouts}
        told = unit.meta.get(FORCED) or ""
    said = "; ".join(f"{key}: {_in_words(each)}" for key, overrides in sorted(forced.items()) for each in overrides)
    if said != told:
        with room.control.write() as unit:
            unit.audit.append(entry(STARTER, moment(room, unit), "environment_override", before={"forced": told},
                                    after={"forced": said}))
            unit.meta.set(FORCED, said)
    return tuple(f"{key}: {_in_words(each)}" for key, overrides in sorted(forced.items()) for each in overrides)


def _in_words(override: EnvironmentOverride) -> str:
    return f"{override.variable} forces {override.flag} {'on' if override.value else 'off'} for everybody"
