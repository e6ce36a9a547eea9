"""Tick an item of the checklist before the start, or take a tick back."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.checklist_item import item_of
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.insight.question import rollout_of
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Tick
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "tick_checklist"


@dataclass(frozen=True, slots=True)
class TickChecklist:
    """`item` is the key in the plan; `note` says with what evidence."""

    item: str
    rollout: str | None = None
    done: bool = True
    note: str = ""


def tick_checklist(room: Room, actor: Actor, request: TickChecklist) -> Change:
    """Keeps the tick with who and when. Raises NotPermitted, InvalidRequest (no such item)."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: TickChecklist, when: Moment) -> Change:
    rollout = rollout_of(unit, request.rollout)
    item = item_of(unit, rollout, request.item)
    if request.done:
        unit.checklist.tick(Tick(rollout.key, item.key, actor.principal, when.at, request.note.strip()))
    else:
        unit.checklist.untick(rollout.key, item.key)
    record = unit.audit.append(entry(actor, when, NAME, rollout=rollout.key, reason=request.note.strip(),
                                     after={"item": item.key, "done": request.done}))
    return Change(NAME, rollout.key, record.seq, rollout, rollout, revision=rollout.revision)
