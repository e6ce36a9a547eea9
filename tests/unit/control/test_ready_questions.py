"""Ready questions are for everybody who may see the numbers; SQL of one's own is not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

import pytest

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.errors import NotPermitted
from rollout_core.insight.ready_questions import SHIPPED, is_ready
from rollout_core.ports.event_store import Found
from rollout_core.settings import read_settings
from tests.fakes.control_setting import OPERATOR, VIEWER, Setting


class Answering:
    """An event store that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, sql: str, **how: Any) -> Found:
        self.asked.append(sql)
        return Found(("n",), [(1,)], capped=False)


@pytest.fixture
def room(setting: Setting) -> ControlRoom:
    """A control room over a store that answers any SQL."""
    return ControlRoom(replace(setting.room, events=cast(Any, Answering())), read_settings({}), "", "")


@pytest.mark.parametrize("question", SHIPPED, ids=lambda each: each.id)
def test_a_viewer_asks_every_ready_question(room: ControlRoom, question: Any) -> None:
    assert room.query(VIEWER, question.sql).rows == [(1,)]


@pytest.mark.parametrize("sql", ["select 1", SHIPPED[0].sql + " limit 1", "select * from exposures; " + SHIPPED[0].sql,
                                 SHIPPED[0].sql.upper(), ""])
def test_a_viewer_asks_nothing_else(room: ControlRoom, sql: str) -> None:
    with pytest.raises(NotPermitted):
        room.query(VIEWER, sql)
    assert room.room.events.asked == []                                     # type: ignore[attr-defined]
    assert room.query(OPERATOR, sql).rows == [(1,)]


def test_no_ready_question_names_a_subject() -> None:
    """What is chosen last is names and counts: no key of a subject, no id of an event, no words of a person."""
    for question in SHIPPED:
        chosen = question.sql.rsplit("select", 1)[1].split("from", 1)[0]
        assert not re.search(r"subject_key|\bk[0-3]\b|event_id|comment|^ *\*", chosen), question.id


def test_room_around_a_ready_question_changes_nothing() -> None:
    assert is_ready(f"  {SHIPPED[0].sql}\n")
