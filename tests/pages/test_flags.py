"""The flags page: trying a subject, and editing a plan over the real verbs and the real reader of documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.panels.try_parts import attributes_of
from rollout_core import bootstrap
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.sign_in import offer_link, sign_in_by_link
from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import InvalidRequest
from rollout_core.insight.explain import ExplainRequest
from rollout_core.ports.control_records import PlanText
from rollout_core.settings import read_settings
from tests.fakes.control_room import ANSWERS, FakeControlRoom
from tests.fakes.control_setting import ADMIN, Setting, timedelta
from tests.fakes.control_store import FakeControlStore
from tests.pages.conftest import open_as, open_page, text_of

PAGE = "control/flags.py"
PLAN = Path(__file__).parents[2] / "data" / "plans" / "exercise_library.yaml"
KEY = "exercise_library"


def test_a_tried_subject_is_asked_with_its_attributes(room: FakeControlRoom) -> None:
    asked: list[ExplainRequest] = []

    def explain(request: ExplainRequest) -> object:
        asked.append(request)
        return ANSWERS["explain"](request)
    room.answers["explain"] = explain
    app = open_page(PAGE, "viewer", **{"flags-tab": "Try a subject"})
    app.text_area(key="try-attributes").set_value("country = DE\nage = 41\nsegments = a, b\nbeta = true")
    app.text_input(key="try-subject").set_value("u-17").run()
    assert not app.exception
    assert asked[-1].subject == "u-17"
    assert asked[-1].attributes == {"country": "DE", "age": 41, "segments": ("a", "b"), "beta": True}


def test_lines_that_are_no_attributes_are_named(room: FakeControlRoom) -> None:
    app = open_page(PAGE, "viewer", **{"flags-tab": "Try a subject"})
    app.text_area(key="try-attributes").set_value("country = DE\nwhat")
    app.text_input(key="try-subject").set_value("u-17").run()
    assert "line 2" in str(app.error[0].value)


@given(st.text())
def test_any_text_is_attributes_or_a_sentence(text: str) -> None:
    bad = [line for line in text.splitlines() if line.strip() and not all(
        part.strip() for part in line.partition("=")[::2])]
    if bad:
        with pytest.raises(InvalidRequest) as refused:
            attributes_of(text)
        assert len(refused.value.problems) == len(bad)
    else:
        assert all(name and value not in ("", None) for name, value in attributes_of(text).items())


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_may_not_edit_reads_the_document_and_whom_to_ask(room: FakeControlRoom, role: str) -> None:
    app = open_page(PAGE, role, **{"flags-tab": "Edit"})
    assert "View only" in text_of(app)
    assert not [each for each in app.text_area if (each.key or "").startswith("plan-text")]
    assert "format: rollout-plan/1" in app.code[0].value


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A control room whose stores are fakes that read the shipped document with the real reader."""
    made = Setting(tmp_path, control=FakeControlStore(read_plan))
    made.act("setup", documents=(PlanText(PLAN.read_text(), PLAN.name),))
    bootstrap.set_current(ControlRoom(made.room, read_settings({"ROLLOUT_STORE": str(tmp_path)}), "owner", "write"))
    return made


def editor(setting: Setting) -> AppTest:
    """The tab with the editor; the questions that read events are answered from cans."""
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5)))
    app = open_as("local-admin", "admin", session.session.id, PAGE, **{"flags-tab": "Edit"})
    assert not app.exception
    return app


def write(app: AppTest, text: str) -> AppTest:
    app.text_area(key=f"plan-text-{KEY}").set_value(text).run()
    app.button(key="plan-check").click().run()
    assert not app.exception
    return app


def versions(setting: Setting) -> list[int]:
    with setting.control.read() as unit:
        return [each.version for each in unit.plans.versions(KEY)]


def test_mistakes_are_shown_with_their_line_and_what_would_be_right(setting: Setting) -> None:
    text = PLAN.read_text().replace("percentage: 5\n", "percentage: 500\n", 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "percentage: 500" in each)
    app = write(editor(setting), text)
    assert f"**{line}**" in text_of(app)
    assert "Nothing was kept" in " ".join(str(each.value) for each in app.error)
    assert not [each for each in app.button if each.key == "plan-keep"]
    assert versions(setting) == [1]


def test_text_that_is_no_yaml_is_refused_in_words(setting: Setting) -> None:
    app = write(editor(setting), "key: [")
    assert "Nothing was kept" in " ".join(str(each.value) for each in app.error)


def test_a_changed_plan_is_compared_and_kept_as_a_new_version_and_nothing_is_served_anew(setting: Setting) -> None:
    before = setting.rollout(KEY).percentage
    text = PLAN.read_text().replace("version: 1\n", "version: 2\n", 1).replace(
        "note: First version", "note: Second version", 1)
    app = write(editor(setting), text)
    assert "+version: 2" in app.code[0].value
    assert "-version: 1" in app.code[0].value
    app.button(key="plan-keep").click().run()
    assert versions(setting) == [1], "asked once more before it is kept"
    app.button(key="sure-go").click().run()
    assert versions(setting) == [2, 1]
    assert setting.rollout(KEY).percentage == before
    assert any(each.entry.verb == "setup" and each.entry.principal == "local-admin" for each in setting.trail())


def test_the_stored_text_checks_as_sound_and_offers_nothing_to_keep(setting: Setting) -> None:
    app = write(editor(setting), PLAN.read_text())
    assert any("the same as version 1" in str(each.value) for each in app.success)
    assert not [each for each in app.button if each.key == "plan-keep"]
