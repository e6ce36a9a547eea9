"""Every page, for every role, in every state: it stands, says something, and never shows a traceback."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pages.panels import answers
from pages.panels.catalogue import PAGES
from rollout_core.errors import StoreCorrupt, StoreUnavailable
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.people.role import Role, may
from tests.fakes.control_room import ANSWERS, FakeControlRoom, empty_room
from tests.fakes.sample_answers import HOSTILE
from tests.pages.conftest import FRAME, open_page, put, text_of

SCRIPTS = [entry.script for entry in PAGES]
OPEN_TO_VIEWERS = [entry.script for entry in PAGES if may(Role.VIEWER, entry.least)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_admin_sees_every_page_with_data(room: FakeControlRoom, script: str) -> None:
    app = open_page(script)
    assert not app.exception
    assert not app.error
    assert app.title


@pytest.mark.parametrize("script", OPEN_TO_VIEWERS)
@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_may_only_read_sees_every_open_page(room: FakeControlRoom, script: str, role: str) -> None:
    app = open_page(script, role)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_store_that_does_not_answer_gives_a_sentence_and_a_way_on(script: str) -> None:
    broken = FakeControlRoom(broken=StoreUnavailable("The event store is being reopened.", mend="Try again soon."))
    put(broken)
    app = open_page(script)
    assert not app.exception
    shown = " ".join(str(each.value) for each in app.error).replace("\\", "")
    assert "The event store is being reopened." in shown
    assert "Try again soon." in shown


def closed_room() -> FakeControlRoom:
    """A room whose event store could not be opened, which the frame says on every page."""
    return FakeControlRoom(broken=StoreUnavailable("The event store is closed: The file cannot be read."),
                           events_closed=StoreCorrupt("The file cannot be read."))


def test_a_closed_event_store_is_told_once_and_not_in_every_part_of_a_page() -> None:
    put(closed_room())
    app = open_page("control/rollout.py")
    assert not app.error
    assert "Nothing can be counted while the event store is closed" in text_of(app)
    assert app.button(key="ask-pause").label == "Pause…"


def test_the_overview_lists_the_rollouts_with_the_way_to_their_buttons_while_nothing_can_be_counted() -> None:
    put(closed_room())
    app = open_page("insight/overview.py")
    assert not app.exception
    text = text_of(app)
    assert "Rollouts" in text
    assert "Exercise library" in text
    assert "planned" in text


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_empty_store_says_what_to_do_next_or_shows_an_empty_list(script: str) -> None:
    put(empty_room())
    app = open_page(script)
    assert not app.exception
    assert not app.error
    assert app.markdown


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_defect_of_ours_shows_a_code_and_no_traceback(script: str) -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError("secret detail")
    questions = ("overview", "health", "alerts", "status", "workspaces", "checklist", "plan", "adoption", "errors",
                 "vitals", "speed", "business", "report", "audit", "events_health", "people",
                 "decision", "compare", "traffic", "feedback")
    put(FakeControlRoom(dict.fromkeys(questions, fails)))
    app = open_page(script)
    assert not app.exception
    if "explore" not in script:
        assert "secret detail" not in text_of(app)
        assert any("under code" in str(each.value) for each in app.error)


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_wrote_never_becomes_markup(room: FakeControlRoom, script: str) -> None:
    app = open_page(script)
    for kind in ("markdown", "html", "table", "error"):
        for element in app.get(kind):
            shown = element.value.to_csv() if kind == "table" else str(element.value)
            assert HOSTILE not in shown, "the hostile title must be escaped"
            assert "<script>alert" not in shown


LONG = "Übungen für Fortgeschrittene " * 7
NAMES = {"long": LONG[:200], "right to left": "مكتبة التمارين المحسّنة", "emoji": "👩🏽‍🔬 Lab 🚦 🧪"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_rollout_may_be_called_anything(script: str) -> None:
    """200 characters, from right to left, emoji: each page stands with each, and says the name where it says one."""
    found = ANSWERS["rollouts"](None)
    for name in NAMES.values():
        answers.forget()
        put(FakeControlRoom({"rollouts": lambda _, name=name: replace(
            found, rollouts=(replace(found.rollouts[0], name=name),))}))
        app = open_page(script, "viewer" if script in OPEN_TO_VIEWERS else "admin", rollout="exercise_library")
        assert not app.exception
        assert not app.error
        assert [each.value for each in app.selectbox if each.key == "rollout"] in ([], [name])


@pytest.mark.parametrize("script", OPEN_TO_VIEWERS)
def test_numbers_that_are_old_or_few_leave_every_page_standing(script: str) -> None:
    """Every measured number of every answer is marked stale: pages say so or show it, and none breaks."""
    put(FakeControlRoom({name: lambda request, name=name: aged(ANSWERS[name](request)) for name in ANSWERS}))
    app = open_page(script, "viewer")
    assert not app.exception
    assert not app.error


def aged(value: Any) -> Any:
    """An answer with every measured number in it marked as stale."""
    if isinstance(value, Measured):
        return replace(value, quality=Quality.STALE)
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(aged(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: aged(getattr(value, each.name)) for each in fields(value) if each.init}
        return replace(value, **changed)
    return value


def test_nobody_signed_in_sees_only_the_way_to_the_sign_in(room: FakeControlRoom) -> None:
    app = open_page(role=None)
    assert not app.exception
    assert [title.value for title in app.title] == ["Sign in"]
    assert not app.button


def test_a_viewer_who_knows_the_address_of_the_settings_is_refused(room: FakeControlRoom) -> None:
    with pytest.raises(ValueError, match=r"settings|find|page"):
        open_page("control/settings.py", "viewer")


def test_the_overview_sorts_worst_first_and_marks_a_simulated_store(room: FakeControlRoom) -> None:
    shown = text_of(open_page())
    assert shown.index("Patient engagement") < shown.index("Exercise library")
    assert "Simulated" in shown
    assert "Unhealthy" in shown


def test_numbers_that_stopped_coming_are_called_stale_with_their_age() -> None:
    overview = ANSWERS["overview"](None)
    old = replace(overview, last_event_at=datetime.now(UTC) - timedelta(hours=2))
    put(FakeControlRoom({"overview": lambda _: old}))
    shown = text_of(open_page())
    assert "Stale" in shown
    assert "2 h ago" in shown


def test_one_part_that_fails_leaves_the_rest_of_the_page_standing(room: FakeControlRoom) -> None:
    def fails(_: object) -> None:
        raise StoreUnavailable("The event store is being reopened.")
    room.answers["series"] = fails
    app = open_page("insight/web_vitals.py")
    assert len(app.error) == 1
    assert "Where is it slow" in text_of(app)


def test_every_page_begins_by_checking_the_role() -> None:
    for entry in PAGES:
        source = (FRAME.parent / entry.script).read_text()
        body = [line for line in source.splitlines() if line and line[0] not in " \t#\"'@)]}"]
        runs = [line for line in body if not line.startswith(("import", "from", "def", "class")) and "=" not in line]
        assert runs[0].startswith(f"with page(Role.{entry.least.name})"), entry.script
        assert len(source.splitlines()) < 80, entry.script
