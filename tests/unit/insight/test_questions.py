"""Every question answers: with data, before there are any, and as JSON."""

from __future__ import annotations

import msgspec
import pytest

from rollout_core.insight import QUESTIONS
from tests.golden.made_world import World

NEED_MORE = {"explain": {"subject": "treatment0"}}
OF_ONE_THING = {"replay", "decision", "alert_history"}
NAMES = sorted(set(QUESTIONS) - OF_ONE_THING)


def asked(world: World, name: str) -> object:
    spec = QUESTIONS[name]
    return spec.answer(world.room, spec.request(**NEED_MORE.get(name, {})))


@pytest.mark.parametrize("name", NAMES)
def test_every_question_answers_with_its_own_type_and_as_json(world: World, name: str) -> None:
    answer = asked(world, name)
    assert type(answer) is QUESTIONS[name].answers
    assert msgspec.json.encode(answer)


@pytest.mark.parametrize("name", NAMES)
def test_every_question_answers_before_there_is_any_event(empty: World, name: str) -> None:
    assert type(asked(empty, name)) is QUESTIONS[name].answers
