"""Remove a saved question; the audit trail keeps its SQL."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "remove_question"


@dataclass(frozen=True, slots=True)
class RemoveQuestion:
    """The question's id."""

    id: str


def remove_question(room: Room, actor: Actor, request: RemoveQuestion) -> Change:
    """Takes it off the list. Raises NotPermitted, NotFound."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR), lambda unit, when: _make(unit, actor, request, when))


def _make(unit: ControlUnit, actor: Actor, request: RemoveQuestion, when: Moment) -> Change:
    before = unit.saved_questions.get(request.id)
    unit.saved_questions.remove(before.id)
    record = unit.audit.append(entry(actor, when, NAME, before={"name": before.name, "sql": before.sql},
                                     after={"question": before.id}))
    return Change(NAME, None, record.seq, result={"id": before.id, "name": before.name})
