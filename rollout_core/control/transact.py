"""The edge of every verb: one write transaction, repeated on the reserve when the disk is full; refusals recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from rollout_core.control.moment import Moment, moment
from rollout_core.control.trail import asked_of, entry
from rollout_core.errors import ClockMovedBack, DiskFull, Refused, RolloutError, StoreError
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

Answer = TypeVar("Answer")
Work = Callable[[ControlUnit, Moment], Answer]


def commit(room: Room, work: Work[Answer], *, urgent: bool = False) -> Answer:
    """Runs `work` in one write transaction. `urgent` (it lowers exposure): a full disk gives up its reserve for it."""
    try:
        return _once(room, work)
    except DiskFull:
        if not (urgent and room.control.free_reserve()):
            raise
    return _once(room, work)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who asks for which verb, with what, and the role it needs."""

    actor: Actor
    verb: str
    request: Any
    needed: Role


def act(room: Room, attempt: Attempt, work: Work[Answer]) -> Answer:
    """Checks the role and commits; a refusal goes into the trail before it goes to the caller."""
    with recorded_refusals(room, attempt.actor, attempt.verb, attempt.request):
        require(attempt.actor, attempt.needed, attempt.verb.replace("_", " "))
        return commit(room, work)


@contextmanager
def recorded_refusals(room: Room, actor: Actor, verb: str, request: Any) -> Iterator[None]:
    """A block whose refusals are written to the audit trail, in a transaction of their own, and then go on."""
    try:
        yield
    except (Refused, ClockMovedBack) as error:
        record_refusal(room, actor, verb, request, error)
        raise


def record_refusal(room: Room, actor: Actor, verb: str, request: Any, error: RolloutError) -> None:
    """Writes who was refused what and why. A store that cannot write it does not hide the refusal itself."""
    asked = {"error": type(error).__name__, "message": error.message, "asked": asked_of(request)}
    try:
        with room.control.write() as unit:
            unit.audit.append(entry(
                actor, moment(room, unit), verb, outcome="refused", rollout=getattr(request, "rollout", None),
                reason=getattr(request, "reason", None) or "", after=asked))
    except StoreError:
        return


def _once(room: Room, work: Work[Answer]) -> Answer:
    with room.control.write() as unit:
        return work(unit, moment(room, unit))
