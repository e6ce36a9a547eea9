"""Rename a saved question; its address stays the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.save_question import name_of_question
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "rename_question"


@dataclass(frozen=True, slots=True)
class RenameQuestion:
    """The question's id and what it is called from now on."""

    id: str
    name: str


def rename_question(room: Room, actor: Actor, request: RenameQuestion) -> Change:
    """Gives it the name. Raises NotPermitted, NotFound, InvalidRequest (the name is taken)."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: RenameQuestion, when: Moment) -> Change:
    before = unit.saved_questions.get(request.id)
    after = replace(before, name=name_of_question(request.name))
    unit.saved_questions.save(after)
    record = unit.audit.append(entry(actor, when, NAME, before={"name": before.name},
                                     after={"question": after.id, "name": after.name}))
    return Change(NAME, None, record.seq, result={"id": after.id, "name": after.name})
