"""What is served at the start and after another process's change; what the environment forces, and its record."""

from __future__ import annotations

import json

import pytest

from rollout_core.control.emergency import FILE
from rollout_core.control.environment import environment_overrides, variable_of
from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.errors import InvalidRequest
from rollout_core.flags.override import EnvironmentOverride
from rollout_core.rollouts.status import Status
from tests.fakes.control_setting import KEY, OPERATOR, PLANS, Setting


def test_a_restart_serves_what_was_served(setting: Setting) -> None:
    setting.running()
    assert setting.restarted().served() == setting.served()


def test_nothing_of_the_event_store_is_needed_to_serve(setting: Setting) -> None:
    setting.running()
    setting.events.away = True
    asked = setting.events.asked
    assert setting.restarted().served() == setting.served()
    assert setting.events.asked == asked


def test_a_change_made_by_another_process_is_served_after_a_refresh(setting: Setting) -> None:
    setting.running()
    other = setting.restarted()
    setting.act("pause")
    assert not other.served().paused
    assert refresh_snapshot(other.room) is True
    assert other.served().paused
    assert refresh_snapshot(other.room) is False


def test_an_older_state_never_replaces_a_newer_one(setting: Setting) -> None:
    setting.running()
    old = setting.served()
    setting.act("pause")
    setting.room.live.swap(old)
    assert setting.served().paused


def test_flags_forced_by_the_environment_are_served_and_recorded_once_per_change(setting: Setting) -> None:
    setting.running()
    for _ in range(2):
        again = setting.restarted(ROLLOUT_FF_CORE="false", VITE_FF_CORE="true")
        assert again.served().environment == (EnvironmentOverride("core", False, "ROLLOUT_FF_CORE"),)
        assert "ROLLOUT_FF_CORE forces core off" in again.told[0]
    assert [verb for verb, _ in again.verbs()].count("environment_override") == 1
    gone = setting.restarted()
    assert gone.served().environment == ()
    assert [verb for verb, _ in gone.verbs()].count("environment_override") == 2


def test_a_forced_flag_stays_forced_after_a_verb(setting: Setting) -> None:
    setting.running()
    again = setting.restarted(ROLLOUT_FF_CORE="false")
    again.act("hold")
    assert len(again.served().environment) == 1


@pytest.mark.parametrize(("said", "value"), [("true", True), ("TRUE", True), (" 1 ", True), ("off", False)])
def test_words_of_the_environment(said: str, value: bool) -> None:
    assert environment_overrides(PLANS["version 1"], {"VITE_FF_CORE": said}) == (
        EnvironmentOverride("core", value, "VITE_FF_CORE"),)


def test_an_empty_variable_says_nothing() -> None:
    assert environment_overrides(PLANS["version 1"], {"VITE_FF_CORE": "", "ROLLOUT_FF_NOBODY": "true"}) == ()


def test_every_variable_that_cannot_be_read_is_named_at_once(setting: Setting) -> None:
    with pytest.raises(InvalidRequest) as caught:
        environment_overrides(PLANS["version 1"], {"VITE_FF_CORE": "maybe", "ROLLOUT_FF_VIDEO": "2"})
    assert {problem.where for problem in caught.value.problems} == {"VITE_FF_CORE", "ROLLOUT_FF_VIDEO"}


def test_a_flags_variable_is_its_key_in_capitals() -> None:
    assert variable_of("patient.follow-up_1") == "ROLLOUT_FF_PATIENT_FOLLOW_UP_1"


def test_a_new_rollout_of_another_process_is_served_too(setting: Setting) -> None:
    other = setting.restarted()
    setting.set_up()
    assert refresh_snapshot(other.room) is True
    assert other.served().key == KEY


def test_a_variable_that_cannot_be_read_stops_a_start_but_never_a_pause(setting: Setting) -> None:
    setting.running()
    with pytest.raises(InvalidRequest):
        setting.restarted(ROLLOUT_FF_CORE="maybe")
    terminal = Setting(setting.directory, control=setting.control, environment={"ROLLOUT_FF_CORE": "maybe"})
    assert terminal.act("pause", OPERATOR).after.status is Status.PAUSED


def test_an_emergency_stop_of_a_rollout_that_is_gone_does_not_keep_the_app_from_starting(setting: Setting) -> None:
    setting.running()
    stop = {"nobody": {"by": "ann", "at": setting.clock.at.isoformat()}}
    (setting.directory / FILE).write_text(json.dumps({"stopped": stop}), encoding="utf-8")
    again = setting.restarted()
    assert "nobody" in again.told[0]
    assert not again.served().stopped
