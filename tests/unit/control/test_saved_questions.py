"""Questions that a team keeps: saved, renamed, removed, and each of it in the trail. Copies for a notebook."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rollout_core.control.copy_events import COPIES, KEPT
from rollout_core.errors import InvalidRequest, NotFound, NotPermitted
from rollout_core.insight import QUESTIONS
from rollout_core.insight.saved_questions import SavedQuestionsRequest
from rollout_core.ports.control_records import SavedQuestion
from tests.fakes.control_setting import OPERATOR, VIEWER, Setting
from tests.fakes.registers import NOW

SQL = "select count(*) from sessions"


def saved(setting: Setting, name: str = "How many sessions") -> str:
    return str(setting.act("save_question", OPERATOR, name=name, sql=f"  {SQL}\n").result["id"])


def known(setting: Setting) -> tuple[SavedQuestion, ...]:
    return QUESTIONS["saved_questions"].answer(setting.room, SavedQuestionsRequest()).questions


def test_a_saved_question_is_everybodys_with_who_and_when(setting: Setting) -> None:
    id = saved(setting, "  How  many sessions ")
    assert known(setting) == (SavedQuestion(id, "How many sessions", SQL, "oli", NOW),)


def test_saving_again_under_the_same_id_changes_the_sql_and_the_trail_keeps_the_old_one(setting: Setting) -> None:
    id = saved(setting)
    setting.act("save_question", OPERATOR, name="How many", sql="select 2", id=id)
    assert [(each.id, each.name, each.sql) for each in known(setting)] == [(id, "How many", "select 2")]
    assert setting.trail()[0].entry.before == {"name": "How many sessions", "sql": SQL}


def test_a_name_is_taken_once_whatever_its_case(setting: Setting) -> None:
    saved(setting)
    with pytest.raises(InvalidRequest):
        saved(setting, "HOW MANY SESSIONS")
    assert len(known(setting)) == 1


@pytest.mark.parametrize("fields", [{"name": " ", "sql": SQL}, {"name": "x" * 81, "sql": SQL},
                                    {"name": "x", "sql": ""}])
def test_a_question_needs_a_name_of_one_line_and_sql(setting: Setting, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        setting.act("save_question", OPERATOR, **fields)


def test_renaming_keeps_the_address_and_the_sql(setting: Setting) -> None:
    id = saved(setting)
    setting.act("rename_question", OPERATOR, id=id, name="Sessions so far")
    assert [(each.id, each.name, each.sql) for each in known(setting)] == [(id, "Sessions so far", SQL)]


def test_a_removed_question_is_gone_and_its_sql_stays_in_the_trail(setting: Setting) -> None:
    id = saved(setting)
    setting.act("remove_question", OPERATOR, id=id)
    assert known(setting) == ()
    assert setting.trail()[0].entry.before["sql"] == SQL
    with pytest.raises(NotFound):
        setting.act("remove_question", OPERATOR, id=id)


@pytest.mark.parametrize(("verb", "fields"), [("save_question", {"name": "x", "sql": SQL}),
                                              ("rename_question", {"id": "q", "name": "x"}),
                                              ("remove_question", {"id": "q"}), ("copy_events", {})])
def test_a_viewer_keeps_nothing_and_copies_nothing(setting: Setting, verb: str, fields: dict[str, str]) -> None:
    with pytest.raises(NotPermitted):
        setting.act(verb, VIEWER, **fields)
    assert setting.trail()[0].entry.outcome == "refused"


def test_an_operator_may_not_copy_the_store(setting: Setting) -> None:
    with pytest.raises(NotPermitted):
        setting.act("copy_events", OPERATOR)


def test_a_copy_is_its_owners_alone_and_the_oldest_of_four_goes(setting: Setting) -> None:
    def snapshot(path: Path) -> Path:
        path.write_bytes(b"copy")
        return path

    setting.events.snapshot = snapshot  # type: ignore[attr-defined]
    files = []
    for _ in range(KEPT + 1):
        files.append(Path(setting.act("copy_events").result["file"]))
        setting.clock.forward(hours=1)
    assert sorted((setting.directory / COPIES).iterdir()) == files[1:]
    assert stat.S_IMODE(files[-1].stat().st_mode) == 0o600
    assert setting.trail()[0].entry.after == {"file": files[-1].name, "dropped": (files[0].name,)}
