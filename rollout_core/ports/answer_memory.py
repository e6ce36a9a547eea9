"""Answers about closed windows, remembered as long as no window has been closed since.

What lies before the watermark does not change until the next pass, so a question about it has one answer in between.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Any

MOST = 512


class AnswerMemory:
    """Holds the answers of one state of the store; a new state forgets them all. In memory only, for any thread."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._answers: dict[Hashable, Any] = {}
        self._lock = Lock()

    def recall(self, state: Hashable, question: Hashable) -> Any | None:
        """The answer given in this state of the store, or None."""
        with self._lock:
            return self._answers.get(question) if state == self._state else None

    def remember(self, state: Hashable, question: Hashable, answer: Any) -> None:
        """Keeps an answer; beyond 512 of them the oldest goes."""
        with self._lock:
            if state != self._state:
                self._state, self._answers = state, {}
            self._answers[question] = answer
            if len(self._answers) > MOST:
                del self._answers[next(iter(self._answers))]
