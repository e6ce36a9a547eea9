"""Setup: documents become plans and rollouts, again and again, and what is served never changes."""

from __future__ import annotations

import pytest

from rollout_core.errors import InvalidRequest, NotPermitted, PlanNotFound
from rollout_core.rollouts.status import Status
from tests.fakes.control_setting import KEY, OPERATOR, Setting


def actions(change) -> list[tuple[str, int, str, int]]:
    return [(each.plan, each.version, each.action, each.runs_version) for each in change.result["plans"]]


def test_a_new_document_becomes_a_plan_and_a_rollout_that_is_ready(setting: Setting) -> None:
    change = setting.set_up()
    assert actions(change) == [(KEY, 1, "created", 1)]
    assert (setting.rollout().status, setting.rollout().percentage) == (Status.READY, 0)
    assert setting.served().key == KEY


def test_the_same_documents_again_change_nothing_at_all(setting: Setting) -> None:
    setting.set_up()
    before, trail = setting.rollout(), setting.trail()
    assert actions(setting.set_up()) == [(KEY, 1, "unchanged", 1)]
    assert (setting.rollout(), setting.trail()) == (before, trail)


def test_a_running_rollout_keeps_its_plan_version_until_it_is_migrated(setting: Setting) -> None:
    setting.running()
    before = setting.rollout()
    change = setting.set_up("version 2")
    assert actions(change) == [(KEY, 2, "new_version", 1)]
    assert "keeps plan version 1" in change.warnings[0]
    assert setting.rollout() == before
    migrated = setting.raise_by("migrate_plan")
    assert (migrated.after.plan_version, migrated.gained) == (2, 0)
    assert migrated.after.percentage <= before.percentage


def test_a_rollout_that_never_started_takes_the_new_version_at_once(setting: Setting) -> None:
    setting.set_up()
    salt = setting.rollout().salt
    assert actions(setting.set_up("version 2")) == [(KEY, 2, "new_version", 2)]
    assert setting.rollout().salt == salt


def test_a_document_changed_without_a_new_number_gets_the_next_one_and_a_note(setting: Setting) -> None:
    setting.set_up()
    assert actions(setting.set_up("version 1 edited")) == [(KEY, 2, "new_version", 2)]
    with setting.control.read() as unit:
        assert unit.plans.versions(KEY)[0].note == "version 1 edited.yaml changed without a note"


def test_one_broken_document_sets_nothing_up(setting: Setting) -> None:
    with pytest.raises(KeyError):
        setting.set_up("version 1", "unknown")
    with setting.control.read() as unit:
        assert unit.rollouts.all() == ()


def test_an_operator_may_not_set_up(setting: Setting) -> None:
    with pytest.raises(NotPermitted):
        setting.act("setup", OPERATOR, documents=())


def test_a_directory_without_plans_says_so(setting: Setting) -> None:
    with pytest.raises(PlanNotFound):
        setting.act("setup", directory=str(setting.directory))
    with pytest.raises(InvalidRequest):
        setting.act("setup")


def test_a_directory_is_read_file_by_file(setting: Setting) -> None:
    (setting.directory / "b.yaml").write_text("version 1", encoding="utf-8")
    (setting.directory / "a.yaml").write_text("other", encoding="utf-8")
    assert [each[0] for each in actions(setting.act("setup", directory=str(setting.directory)))] == ["other", KEY]


@pytest.mark.parametrize(("environment", "phase", "percentage"), [
    ({}, "inside", 1_000), ({"START_AT": "0.5"}, "inside", 500), ({"START_PHASE": "2"}, "beta", 5_000),
    ({"START_PHASE": "limited"}, "limited", 20_000), ({"START_AT": "0", "START_PHASE": "0"}, "inside", 1_000)])
def test_the_plans_own_variables_say_where_start_begins(
        setting: Setting, environment: dict, phase: str, percentage: int) -> None:
    setting.set_up()
    again = setting.restarted(**environment)
    again.act("waive_checklist", reason="test")
    after = again.raise_by("start").after
    assert (after.phase, after.percentage) == (phase, percentage)


@pytest.mark.parametrize("environment", [{"START_PHASE": "9"}, {"START_AT": "much"}, {"START_AT": "101"}])
def test_a_variable_that_names_no_beginning_is_a_clear_error(setting: Setting, environment: dict) -> None:
    setting.set_up()
    again = setting.restarted(**environment)
    with pytest.raises(InvalidRequest) as caught:
        again.raise_by("start")
    assert next(iter(environment)) in str(caught.value) or "percentage" in str(caught.value)


def test_named_in_the_request_the_variables_are_not_asked(setting: Setting) -> None:
    setting.set_up()
    again = setting.restarted(START_AT="0.5")
    again.act("waive_checklist", reason="test")
    assert again.raise_by("start", phase="inside").after.percentage == 1_000
