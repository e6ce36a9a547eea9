"""Answers about closed windows, remembered as long as no window has been closed since.

What lies before the watermark does not change until the next pass, so a question about it has one answer in between.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

MOST = 512


class AnswerMemory:
    """Holds the answers of one state of the store; a new state forgets them all. In memory only, for any thread."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._answers: dict[Hashable, Any] = {}
        self._lock = Lock()
        self._turns: dict[Hashable, Lock] = {}

    def answer(self, state: Hashable, question: Hashable, make: Callable[[], Any]) -> Any:
        """The answer of this state of the store, made if it is not known: of threads that ask the same the others wait.
        `make` asks for no other answer of this memory."""
        known = self.recall(state, question)
        if known is None:
            with self._turn(state, question):
                known = self.recall(state, question)
                if known is None:
                    known = make()
                    self.remember(state, question, known)
        return known

    def _turn(self, state: Hashable, question: Hashable) -> Lock:
        with self._lock:
            if state != self._state:
                self._begin(state)
            return self._turns.setdefault(question, Lock())

    def _begin(self, state: Hashable) -> None:
        self._state, self._answers, self._turns = state, {}, {}

    def recall(self, state: Hashable, question: Hashable) -> Any | None:
        """The answer given in this state of the store, or None."""
        with self._lock:
            return self._answers.get(question) if state == self._state else None

    def remember(self, state: Hashable, question: Hashable, answer: Any) -> None:
        """Keeps an answer; beyond 512 of them the oldest goes."""
        with self._lock:
            if state != self._state:
                self._begin(state)
            self._answers[question] = answer
            if len(self._answers) > MOST:
                del self._answers[next(iter(self._answers))]
