"""A clock that was set back: numbers and times in the trail still only grow, and only raising waits."""

from __future__ import annotations

import pytest

from rollout_core.errors import ClockMovedBack
from tests.fakes.control_setting import KEY, OPERATOR, Setting


def test_a_clock_set_back_refuses_a_raise_and_says_what_to_do(setting: Setting) -> None:
    setting.running()
    setting.clock.forward(hours=-3)
    with pytest.raises(ClockMovedBack) as caught:
        setting.raise_by("advance")
    assert "Set the clock right" in caught.value.mend
    assert setting.verbs()[-1] == ("advance", "refused")


def test_a_clock_set_back_hinders_no_way_down_and_the_skew_is_recorded(setting: Setting) -> None:
    setting.running()
    began_at = setting.rollout().epoch_began_at
    setting.clock.forward(hours=-3)
    setting.act("pause", OPERATOR)
    entry = setting.trail(1)[0].entry
    assert (entry.at, entry.clock_behind_ms) == (began_at, 3 * 3_600_000)
    with setting.control.read() as unit:
        epochs = unit.epochs.of(KEY)
        assert unit.audit.verify().whole
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert epochs[1].began_at >= epochs[0].began_at


def test_a_few_seconds_between_two_machines_are_tolerated(setting: Setting) -> None:
    setting.running()
    setting.clock.forward(seconds=-20)
    assert setting.raise_by("advance").after.phase == "beta"


def test_once_the_clock_is_right_again_everything_goes_on(setting: Setting) -> None:
    setting.running()
    setting.clock.forward(hours=-3)
    setting.act("hold")
    setting.clock.forward(hours=4)
    assert setting.raise_by("advance").after.phase == "beta"
    assert setting.trail(1)[0].entry.clock_behind_ms == 0
