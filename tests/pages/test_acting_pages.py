"""Alerts, subjects and the audit trail: what their buttons send, what their filters ask."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pages.panels.acting import request_of
from pages.panels.audit_parts import file_of
from rollout_core import bootstrap
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.insight import audit
from rollout_core.insight.audit import AuditRequest
from rollout_core.insight.workspaces import WorkspacesRequest
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from tests.fakes.control_room import ANSWERS, FakeControlRoom
from tests.fakes.control_setting import OPERATOR, Setting
from tests.pages.conftest import open_page, text_of


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


SUBJECTS, ALERTS, AUDIT = "control/subjects.py", "control/alerts.py", "control/audit_trail.py"


def test_a_field_that_a_verb_does_not_know_is_a_mistake_and_not_left_out() -> None:
    with pytest.raises(TypeError):
        request_of("snooze_alert", {"alert": "a", "minutes": 60})
    assert request_of("acknowledge_alert", {"alert": "a", "reason": "offered to every verb"}).alert == "a"


@pytest.mark.parametrize(("said", "hours"), [("for 4 hours", 4.0), ("for a week", 168.0)])
def test_snoozing_lasts_as_long_as_was_chosen(room: FakeControlRoom, said: str, hours: float) -> None:
    app = open_page(ALERTS, "operator")
    app.selectbox(key="snooze-alert-1").set_value(said)
    app.text_input(key="why-alert-1").set_value("Known, mended tomorrow").run()
    app.button(key="snooze-go-alert-1").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.alert, request.hours, request.reason) == (
        "snooze_alert", "alert-1", hours, "Known, mended tomorrow")


def test_resolving_an_alert_sends_its_reason(room: FakeControlRoom) -> None:
    app = open_page(ALERTS, "operator")
    app.text_input(key="why-alert-1").set_value("Was a test").run()
    app.button(key="resolve-alert-1").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.reason) == ("resolve_alert", "Was a test")


def test_a_viewer_reads_alerts_without_buttons(room: FakeControlRoom) -> None:
    app = open_page(ALERTS, "viewer")
    assert not [each for each in app.button if (each.key or "").startswith(("ack", "snooze", "resolve"))]


def test_switching_on_needs_a_reason_and_names_subject_and_end(room: FakeControlRoom) -> None:
    app = open_page(SUBJECTS, "admin", subject="u-17")
    app.number_input(key="override-days").set_value(3).run()
    app.button(key="override-on").click().run()
    app.button(key="sure-go").click().run()
    assert not room.done
    app.text_area(key="sure-reason").set_value("Shown at a fair").run()
    app.button(key="sure-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.subject, request.value, request.remove) == ("set_override", "u-17", True, False)
    assert (request.reason, request.rollout) == ("Shown at a fair", "exercise_library")
    assert request.until_at.tzinfo is not None


def test_removing_an_override_says_remove(room: FakeControlRoom) -> None:
    app = open_page(SUBJECTS, "admin", subject="u-17")
    app.button(key="override-remove-core").click().run()
    app.text_area(key="sure-reason").set_value("The fair is over").run()
    app.button(key="sure-go").click().run()
    [(verb, _, request)] = room.done
    assert (verb, request.remove, request.flag) == ("set_override", True, "core")


def test_an_operator_may_only_switch_off(room: FakeControlRoom) -> None:
    app = open_page(SUBJECTS, "operator", subject="u-17")
    keys = {each.key for each in app.button}
    assert "override-off" in keys
    assert "override-on" not in keys


def test_the_filters_of_the_trail_are_asked_and_kept_in_the_address(room: FakeControlRoom) -> None:
    asked: list[AuditRequest] = []

    def answer(request: AuditRequest) -> Any:
        asked.append(request)
        return ANSWERS["audit"](request)
    room.answers["audit"] = answer
    app = open_page(AUDIT, "viewer", **{"audit-who": "maya", "audit-outcome": "Refused", "audit-verb": "Roll back"})
    assert not app.exception
    assert (asked[-1].who, asked[-1].outcome, asked[-1].verb) == ("maya", "refused", "roll_back")
    app.selectbox(key="audit-when").set_value("Last 7 days").run()
    assert asked[-1].since_at is not None


def found(setting: Setting, **wanted: Any) -> list[tuple[str, str]]:
    answer = audit.answer(setting.room, AuditRequest(**wanted))
    return [(each.entry.verb, each.entry.principal) for each in answer.records]


def test_the_trail_is_found_by_name_verb_outcome_and_time(setting: Setting) -> None:
    for number in range(3):
        setting.act("set_person", name=f"p{number}", role=Role.VIEWER)
    with pytest.raises(Exception, match="may not"):
        setting.act("set_person", OPERATOR, name="x", role=Role.ADMIN)
    setting.clock.forward(days=1)
    setting.act("create_token", name="ci")
    later = setting.clock.at
    assert found(setting, verb="create_token") == [("create_token", "ann")]
    assert found(setting, outcome="refused") == [("set_person", "oli")]
    assert found(setting, who="OLI") == found(setting, who="nightly")
    assert found(setting, since_at=later) == [("create_token", "ann")]
    assert len(found(setting, until_at=later)) == 4
    assert found(setting, verb="nothing") == []


def test_pages_of_what_fits_follow_each_other_without_a_gap(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    for number in range(10):
        setting.act("set_person", name=f"p{number}", role=Role.VIEWER)
        setting.act("create_token", name=f"t{number}")
    seen: list[int] = []
    before = None
    while True:
        answer = audit.answer(setting.room, AuditRequest(limit=4, before=before, verb="create_token"))
        seen += [each.seq for each in answer.records]
        if not answer.more:
            break
        before = answer.records[-1].seq
    assert len(seen) == 10
    assert seen == sorted(set(seen), reverse=True)


def test_what_is_downloaded_is_everything_that_fits_and_not_only_what_is_shown(setting: Setting) -> None:
    for number in range(60):
        setting.act("set_person", name=f"p{number}", role=Role.VIEWER)
    bootstrap.set_current(ControlRoom(setting.room, read_settings({}), "owner", "write"))
    lines = file_of(AuditRequest(limit=7, verb="set_person"), "json").splitlines()
    assert len(lines) == 61, "60 entries and the head"


def test_the_page_of_subjects_shows_the_numbers_of_the_one_that_is_explained(room: FakeControlRoom) -> None:
    line = ANSWERS["workspaces"](WorkspacesRequest("exercise_library")).subjects[0]
    shown = text_of(open_page(SUBJECTS, "viewer", subject=line.subject))
    assert "First seen with it" in shown
    assert "last 28 days:" in shown


def test_a_name_that_nobody_has_is_told_on_a_line_of_its_own(room: FakeControlRoom) -> None:
    told = "Nobody of that name is in the register of users."
    room.answers["explain"] = lambda request: replace(ANSWERS["explain"](request), note=told)
    app = open_page(SUBJECTS, "admin", subject="u-17")
    assert told in [each.value.replace("\\", "") for each in app.markdown]


def test_who_has_it_says_the_same_words_as_the_list_and_whose_dates_are_whose(room: FakeControlRoom) -> None:
    def explained(request: Any) -> Any:
        found = ANSWERS["explain"](request)
        return replace(found, attributes=(("last_active_at", "2026-11-12T08:30:00+00:00"),))
    room.answers["explain"] = explained
    app = open_page(SUBJECTS, "admin", subject="u-17")
    shown = text_of(app).replace("\\", "")
    assert "The register says: last_active_at:" in shown
    assert "T08:30" not in shown
    assert any("not drawn yet" in each.label for each in app.expander)
    assert any("procedure" in each.label for each in app.expander)


def test_an_override_for_some_days_is_not_called_always(room: FakeControlRoom) -> None:
    app = open_page(SUBJECTS, "admin", subject="u-17")
    app.number_input(key="override-days").set_value(3).run()
    assert app.button(key="override-on").label == "On for 3 days…"
    assert "Always" not in text_of(app)
