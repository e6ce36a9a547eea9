"""The kill switch: it works first and is recorded second, and a store that fails cannot undo it."""

from __future__ import annotations

import json

import pytest

from rollout_core.control.emergency import FILE
from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.errors import DiskFull, NotPermitted, RolloutNotFound, StoreCorrupt
from rollout_core.rollouts.status import Status
from tests.fakes.control_setting import KEY, OPERATOR, VIEWER, Setting

FULL = DiskFull("The disk is full.")


def emergency_of(setting: Setting) -> dict:
    path = setting.directory / FILE
    return json.loads(path.read_text(encoding="utf-8"))["stopped"] if path.exists() else {}


def test_a_stop_is_recorded_and_leaves_no_emergency_file(setting: Setting) -> None:
    setting.running()
    change = setting.act("stop", OPERATOR, reason="white page")
    assert (change.after.status, change.lost, change.warnings) == (Status.STOPPED, 10, ())
    assert setting.served().stopped
    assert emergency_of(setting) == {}
    assert setting.room.live.halted == frozenset()


def test_what_is_served_changes_before_anything_is_written(setting: Setting) -> None:
    setting.running()
    seen: list[bool] = []
    write = setting.control.write

    def watched():
        seen.append(setting.served().stopped)
        return write()

    setting.control.write = watched
    setting.act("stop")
    assert seen[0] is True


def test_a_stop_that_cannot_be_committed_holds_and_says_so(setting: Setting) -> None:
    setting.running()
    setting.control.fail_with = FULL
    change = setting.act("stop", OPERATOR, reason="white page")
    assert setting.served().stopped
    assert FILE in change.warnings[0]
    assert (emergency_of(setting)[KEY]["by"], emergency_of(setting)[KEY]["reason"]) == ("oli", "white page")
    setting.control.fail_with = None
    assert setting.rollout().status is Status.RUNNING


def test_an_uncommitted_stop_wins_at_the_next_start_and_is_recorded_then(setting: Setting) -> None:
    setting.running()
    setting.control.fail_with = FULL
    setting.act("stop", OPERATOR)
    setting.control.fail_with = None
    again = setting.restarted()
    assert again.rollout().status is Status.STOPPED
    assert again.served().stopped
    assert "recorded now" in again.told[0]
    assert (again.trail(1)[0].entry.principal, again.trail(1)[0].entry.via) == ("oli", "emergency")
    assert emergency_of(again) == {}


def test_an_uncommitted_stop_holds_while_the_store_still_cannot_be_written(setting: Setting) -> None:
    setting.running()
    setting.control.fail_with = FULL
    setting.act("stop")
    again = setting.restarted()
    assert again.served().stopped
    assert "still cannot be recorded" in again.told[0]
    assert KEY in emergency_of(again)


def test_no_other_verb_of_a_slow_thread_undoes_a_stop_in_memory(setting: Setting) -> None:
    setting.running()
    running = setting.served()
    setting.control.fail_with = FULL
    setting.act("stop")
    setting.room.live.swap(running)
    assert setting.served().stopped


def test_another_process_sees_the_emergency_file(setting: Setting) -> None:
    setting.running()
    other = setting.restarted()
    setting.control.fail_with = FULL
    setting.act("stop")
    assert not other.served().stopped
    assert refresh_snapshot(other.room) is True
    assert other.served().stopped


@pytest.mark.parametrize("content", ["{ broken", "[]", "null", '{"stopped":' * 5_000])
def test_an_emergency_file_that_cannot_be_read_stops_everything(setting: Setting, content: str) -> None:
    setting.running()
    setting.set_up("version 1", "other")
    (setting.directory / FILE).write_text(content, encoding="utf-8")
    again = setting.restarted()
    assert again.served(KEY).stopped
    assert again.served("other").stopped


def test_an_admin_resumes_a_stopped_rollout_and_lifts_the_emergency(setting: Setting) -> None:
    setting.running()
    setting.control.fail_with = FULL
    setting.act("stop")
    setting.control.fail_with = None
    setting.act("stop")
    with pytest.raises(NotPermitted):
        setting.raise_by("resume", OPERATOR)
    assert setting.served().stopped
    change = setting.raise_by("resume")
    assert (change.after.status, change.after.percentage) == (Status.RUNNING, 1_000)
    assert not setting.served().stopped
    assert emergency_of(setting) == {}


def test_somebody_who_may_not_stop_stops_nothing(setting: Setting) -> None:
    setting.running()
    with pytest.raises(NotPermitted):
        setting.act("stop", VIEWER)
    assert not setting.served().stopped
    assert setting.room.live.halted == frozenset()


def test_an_unknown_rollout_is_not_stopped(setting: Setting) -> None:
    setting.running()
    with pytest.raises(RolloutNotFound):
        setting.act("stop", rollout="nobody")
    assert emergency_of(setting) == {}


def test_a_stop_works_from_memory_when_the_store_cannot_even_be_read(setting: Setting) -> None:
    setting.running()
    served = setting.room.live

    class Broken:
        def read(self):
            raise StoreCorrupt("damaged")

        write = read

        def free_reserve(self) -> bool:
            return False

    setting.control = Broken()
    setting.__post_init__()
    object.__setattr__(setting.room, "live", served)
    change = setting.act("stop", OPERATOR)
    assert setting.served().stopped
    assert KEY in emergency_of(setting)
    assert change.warnings


def test_a_full_disk_gives_up_its_reserve_for_a_stop_and_for_a_pause(setting: Setting) -> None:
    setting.running()
    for verb, status in (("pause", Status.PAUSED), ("stop", Status.STOPPED)):
        setting.control.fail_with, setting.control.reserve = FULL, True
        assert setting.act(verb, OPERATOR).after.status is status
        assert emergency_of(setting) == {}


def test_a_full_disk_gives_up_nothing_for_a_raise(setting: Setting) -> None:
    setting.running()
    setting.control.fail_with, setting.control.reserve = FULL, True
    with pytest.raises(DiskFull):
        setting.raise_by("set_percentage", percentage=2)
    assert setting.control.reserve is True


def test_a_stop_in_every_status_is_possible(setting: Setting) -> None:
    setting.set_up()
    assert setting.act("stop").after.status is Status.STOPPED
    assert setting.raise_by("resume").after.status is Status.DRAFT
