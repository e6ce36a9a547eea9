"""Answers kept for a repeated request go after a day, sessions a month, links a day after they are over."""

from __future__ import annotations

from datetime import timedelta

from rollout_core.control.tidy import Tidied, tidy
from rollout_core.people.person import SignInLink
from rollout_core.people.role import Role
from rollout_core.people.session import Session
from rollout_core.ports.control_records import Replay
from tests.fakes.control_setting import Setting
from tests.fakes.registers import NOW

DAY = timedelta(days=1)


def session(name: str, over_at) -> Session:
    return Session(name, name, "ann", Role.ADMIN, over_at - DAY, over_at)


def test_what_is_of_no_further_use_goes(setting: Setting) -> None:
    with setting.control.write() as unit:
        for number, age in enumerate((timedelta(0), DAY, DAY + timedelta(seconds=1))):
            unit.replays.save(Replay("ann", f"k{number}", "same", 200, b"{}", NOW - age))
        for name, over_at in (("open", NOW + DAY), ("over", NOW - 30 * DAY), ("long over", NOW - 31 * DAY)):
            unit.sessions.add(session(name, over_at))
        for name, over_at in (("used", NOW - DAY), ("old", NOW - 2 * DAY)):
            unit.people.add_link(SignInLink(name, "ann", Role.ADMIN, over_at - DAY, over_at))
    assert tidy(setting.room, NOW) == Tidied(replays=1, sessions=1, links=1)
    with setting.control.read() as unit:
        assert [unit.replays.get("ann", f"k{number}") is not None for number in range(3)] == [True, True, False]
        assert {each.id for each in unit.sessions.all()} == {"open", "over"}
        assert unit.people.link("used") is not None
    assert tidy(setting.room, NOW) == Tidied(0, 0, 0)
