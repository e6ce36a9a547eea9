"""Save a question: SQL under a name, for everybody who may run SQL. With an id: new words for a question there is."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.control.change import Change
from rollout_core.control.moment import Moment
from rollout_core.control.trail import entry
from rollout_core.control.transact import Attempt, act
from rollout_core.errors import InvalidRequest
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import SavedQuestion
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room

NAME = "save_question"
LONGEST_NAME = 80
MOST_QUESTIONS = 500


@dataclass(frozen=True, slots=True)
class SaveQuestion:
    """`id` None: a new question."""

    name: str
    sql: str
    id: str | None = None


def save_question(room: Room, actor: Actor, request: SaveQuestion) -> Change:
    """Keeps it; the result has its id. The SQL is not run. Raises NotPermitted, NotFound, InvalidRequest."""
    return act(room, Attempt(actor, NAME, request, Role.OPERATOR),
               lambda unit, when: _make(unit, actor, request, when, room.new_token()[-12:]))


def name_of_question(text: str) -> str:
    """A name as it is kept: one line without space around it. Raises InvalidRequest."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidRequest(f"A question's name has 1 to {LONGEST_NAME} characters.",
                             mend="Say in it what it answers.")
    return name


def _make(unit: ControlUnit, actor: Actor, request: SaveQuestion, when: Moment, id: str) -> Change:
    sql = request.sql.strip()
    if not sql:
        raise InvalidRequest("There is no SQL to save.", mend="Write a SELECT first.")
    before = unit.saved_questions.get(request.id) if request.id is not None else None
    if before is None and len(unit.saved_questions.all()) >= MOST_QUESTIONS:
        raise InvalidRequest(f"There are {MOST_QUESTIONS} saved questions.", mend="Remove some that nobody asks.")
    question = SavedQuestion(before.id if before else id, name_of_question(request.name), sql, actor.principal, when.at)
    unit.saved_questions.save(question)
    record = unit.audit.append(entry(
        actor, when, NAME, before={"name": before.name, "sql": before.sql} if before else {},
        after={"question": question.id, "name": question.name, "sql": sql}))
    return Change(NAME, None, record.seq, result={"id": question.id, "name": question.name})
