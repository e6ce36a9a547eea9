"""Answers of one state of the store: made once, for all threads, until the state changes."""

from __future__ import annotations

import threading

import pytest

from rollout_core.errors import StoreUnavailable
from rollout_core.ports.answer_memory import AnswerMemory

PATIENCE_S = 20.0


def test_who_asks_while_an_answer_is_made_waits_for_it() -> None:
    memory, made = AnswerMemory(), []
    under_way, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        made.append("slowly")
        under_way.set()
        assert go_on.wait(PATIENCE_S)
        return "the answer"

    def again() -> str:
        made.append("again")
        return "another"

    found: list[str] = []
    first = threading.Thread(target=lambda: found.append(memory.answer(1, "question", slowly)))
    first.start()
    assert under_way.wait(PATIENCE_S)
    second = threading.Thread(target=lambda: found.append(memory.answer(1, "question", again)))
    second.start()
    other = memory.answer(1, "another question", lambda: "does not wait")
    go_on.set()
    first.join(PATIENCE_S)
    second.join(PATIENCE_S)
    assert (found, made, other) == (["the answer", "the answer"], ["slowly"], "does not wait")


def test_a_new_state_of_the_store_has_its_own_answers() -> None:
    memory = AnswerMemory()
    assert memory.answer(1, "question", lambda: "old") == "old"
    assert memory.answer(2, "question", lambda: "new") == "new"
    assert memory.recall(1, "question") is None


def test_an_answer_that_could_not_be_made_is_made_by_the_next_who_asks() -> None:
    memory = AnswerMemory()
    with pytest.raises(StoreUnavailable):
        memory.answer(1, "question", lambda: (_ for _ in ()).throw(StoreUnavailable("away")))
    assert memory.answer(1, "question", lambda: "there again") == "there again"
