"""The questions in SQL that people keep for each other. They are shown to everybody and run by operators."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.ports.control_records import SavedQuestion
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class SavedQuestionsRequest:
    """Asks for all of them."""


@dataclass(frozen=True, slots=True)
class SavedQuestionsAnswer:
    """By name."""

    questions: tuple[SavedQuestion, ...]


def answer(room: Room, request: SavedQuestionsRequest) -> SavedQuestionsAnswer:
    """The list."""
    with room.control.read() as unit:
        return SavedQuestionsAnswer(unit.saved_questions.all())
