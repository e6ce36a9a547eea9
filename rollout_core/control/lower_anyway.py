"""The way down waits for nothing: a pause or a stop of a rollout whose plan cannot be read, or whose store is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout, write_change
from rollout_core.control.emergency import FILE, stop_by, write_emergency
from rollout_core.control.moment import Moment
from rollout_core.control.serving import UNREADABLE, as_recorded
from rollout_core.control.transact import commit
from rollout_core.control.weigh import RolloutVerb
from rollout_core.errors import InvalidRequest, RolloutNotFound, StoreError, StoreUnavailable
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.rollout import Rollout

WAY_DOWN = frozenset({"pause", "stop"})
"""The verbs that need no store: neither to act nor to know who asks."""

Lower = Callable[[Rollout, datetime], Next]
"""A decision that needs no plan."""


def lower_anyway(room: Room, actor: Actor, verb: RolloutVerb, request: Any, lower: Lower) -> Change:
    """The change like any other; without the plan when that cannot be read. Raises as `change_rollout` does."""
    try:
        return change_rollout(room, actor, verb, request)
    except UNREADABLE as error:
        unread = str(error)

    def make(unit: ControlUnit, when: Moment) -> tuple[Change, Rollout]:
        proposed = lower(rollout_of(unit, request.rollout), when.at)
        record = write_change(unit, actor, (verb.name, request), proposed, when, {"plan": "could not be read"})
        after = proposed.rollout
        warning = f"The plan of {after.key} cannot be read, nobody could be counted: {unread}"
        return Change(verb.name, after.key, record.seq, proposed.before, after, None, None, None, after.epoch,
                      after.revision, (warning,)), after
    change, after = commit(room, make, urgent=True)
    known = room.live.current.rollouts.get(after.key)
    if known is not None:
        room.live.swap(as_recorded(known, after))
    return change


def lower_remembered(room: Room, actor: Actor, verb: RolloutVerb, request: Any) -> Change:
    """The way down for somebody whom only memory knows: kept in the file, and never in a store that did not vouch for
    them. Raises NotPermitted, RolloutNotFound, InvalidRequest; StoreError when not even the file can be written."""
    require(actor, verb.role, f"{verb.name} a rollout", remembered=True)
    asks = f"it cannot tell who asks; {actor.principal} was {actor.role} at {actor.last_known_at:%Y-%m-%d %H:%M} UTC"
    return keep_in_file(room, actor, verb.name, request, named(room, request.rollout), StoreUnavailable(asks))


def keep_in_file(room: Room, actor: Actor, verb: str, request: Any, key: str, error: Exception) -> Change:
    """Serves nobody and writes that beside the store, freeing the reserve if there is no room even for that.

    Raises StoreError when not even the file can be written: then it holds in this process only.
    """
    room.live.halt(key)
    emergency = stop_by(actor, key, room.clock.now(), request.reason)
    try:
        write_emergency(room, emergency)
    except StoreError:
        room.control.free_reserve()
        write_emergency(room, emergency)
    what = "stopped" if verb == "stop" else "served to nobody, as by a stop"
    warning = (f"{key} is {what}, but the control store could not record the {verb} ({error}). No epoch and no entry "
               f"in the trail were kept. The stop is in {FILE} and wins at the next start; mend the store and stop "
               "again to record it, then an admin resumes.")
    return Change(verb, key, 0, warnings=(warning,))


def named(room: Room, key: str | None) -> str:
    """The rollout that is meant; from memory when the control store cannot be read."""
    try:
        with room.control.read() as unit:
            return rollout_of(unit, key).key
    except StoreError:
        served = tuple(room.live.current.rollouts)
    if key is None and len(served) != 1:
        raise InvalidRequest("Which rollout is meant?", mend=f"Name one of {', '.join(served)}.", rollouts=served)
    if key is not None and key not in served:
        raise RolloutNotFound(f"There is no rollout {key!r}.", mend=f"Known rollouts: {', '.join(served)}.",
                              rollout=key, known=served)
    return key or served[0]
