"""Questions in SQL that people keep for each other, in the control database."""

from __future__ import annotations

from sqlalchemy import Connection, select

from rollout_core.errors import InvalidRequest, NotFound
from rollout_core.ports.control_records import SavedQuestion
from rollout_core.storage.control_documents import DocumentTable
from rollout_core.storage.control_tables import SAVED_QUESTIONS


class SqlSavedQuestions:
    """The repository; see `rollout_core.ports.control_people.SavedQuestions`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = DocumentTable(connection, SAVED_QUESTIONS, SavedQuestion)

    def get(self, id: str) -> SavedQuestion:
        """Raises NotFound."""
        found = self._rows.get(id=id)
        if found is None:
            raise NotFound(f"There is no saved question {id!r}.", mend="It may have been removed.", id=id)
        return found

    def all(self) -> tuple[SavedQuestion, ...]:
        """By name."""
        return self._rows.all(order=(SAVED_QUESTIONS.c.folded_name,))

    def save(self, question: SavedQuestion) -> None:
        """Inserts or replaces. Raises InvalidRequest when another question has this name."""
        folded = question.name.casefold()
        holder = self._rows.connection.execute(
            select(SAVED_QUESTIONS.c.id).where(SAVED_QUESTIONS.c.folded_name == folded)).scalar()
        if holder not in (None, question.id):
            raise InvalidRequest(f"There is a question called {question.name} already.", mend="Choose another name.",
                                 id=holder)
        self._rows.put(question, {"id": question.id}, folded_name=folded)

    def remove(self, id: str) -> bool:
        """True when there was one."""
        return self._rows.remove(id=id) > 0
