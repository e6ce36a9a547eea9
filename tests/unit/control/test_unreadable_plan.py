"""A stored plan that this program cannot read: the rollout goes down all the same, and no other rollout suffers."""

from __future__ import annotations

import pytest

from rollout_core.control.open_snapshot import refresh_snapshot
from rollout_core.errors import InvalidPlan, NotPermitted
from rollout_core.rollouts.status import Status
from tests.fakes import control_setting
from tests.fakes.control_setting import KEY, OPERATOR, VIEWER, Setting


@pytest.fixture
def unreadable(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Running, with a plan that could be read until now."""
    setting.running()
    setting.set_up("other")

    def read(text: str, source: str):
        if text == "version 1":
            raise InvalidPlan("phases: nobody knows this any more")
        return control_setting.PLANS[text]
    monkeypatch.setattr(setting.control, "_reader", read)
    return setting


@pytest.mark.parametrize(("verb", "status"), [("pause", Status.PAUSED), ("stop", Status.STOPPED)])
def test_it_is_lowered_and_recorded_without_its_plan(unreadable: Setting, verb: str, status: Status) -> None:
    change = unreadable.act(verb, OPERATOR, rollout=KEY, reason="white page")
    assert unreadable.rollout().status is status
    assert not any(unreadable.rollout().thresholds.values())
    assert "cannot be read" in change.warnings[0]
    assert unreadable.verbs()[-1] == (verb, "done")
    assert unreadable.served().paused or unreadable.served().stopped


def test_who_may_not_pause_may_not_pause_without_a_plan(unreadable: Setting) -> None:
    with pytest.raises(NotPermitted):
        unreadable.act("pause", VIEWER, rollout=KEY)
    assert unreadable.rollout().status is Status.RUNNING


def test_a_start_serves_the_others_and_says_which_it_cannot(unreadable: Setting) -> None:
    again = unreadable.restarted()
    assert set(again.room.live.current.rollouts) == {"other"}
    assert "served to nobody: its plan cannot be read" in again.told[0]
    assert refresh_snapshot(again.room) is False
