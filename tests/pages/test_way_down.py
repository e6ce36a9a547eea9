"""The control store goes away under open pages: one panel in their place, and the buttons that stop work by memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rollout_core import bootstrap
from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.emergency import read_emergency
from rollout_core.control.sign_in import offer_link, sign_in_by_link
from rollout_core.errors import StoreCorrupt
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from tests.fakes.control_setting import ADMIN, KEY, Setting
from tests.pages.conftest import FRAME, text_of

STOP = f"way-down-{KEY}"


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A running rollout in a control room whose stores and clock are in memory."""
    made = Setting(tmp_path).running()
    bootstrap.set_current(ControlRoom(made.room, read_settings({"ROLLOUT_STORE": str(tmp_path)}), "owner", "write"))
    return made


@contextmanager
def away(setting: Setting) -> Iterator[None]:
    """The control store can neither be read nor written."""
    gone = StoreCorrupt("The control database was removed.", mend="Put a store in its place.")

    def lost() -> None:
        raise gone

    setting.control.read, setting.control.fail_with = lost, gone
    yield
    del setting.control.read
    setting.control.fail_with = None


def flags_page(setting: Setting, role: Role) -> AppTest:
    """A page that stands, as somebody with this role."""
    setting.act("set_person", name="ana", role=role)
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5), "ana")).session
    app = AppTest.from_file(str(FRAME), default_timeout=30)
    app.user = {"name": "ana", "role": str(role), "session": session.id}
    app.context = {"timezone": "Europe/Berlin", "theme": "light"}
    app.run()
    app.switch_page(str(FRAME.parent / "control/flags.py")).run()
    assert "Flags" in text_of(app)
    return app


def test_an_operator_stops_a_rollout_at_one_press_and_reads_what_was_kept(setting: Setting) -> None:
    app = flags_page(setting, Role.OPERATOR)
    with away(setting):
        app.run()
        assert [each.value for each in app.title] == ["The control store is away"]
        assert "Put a store in its place" in text_of(app)
        app.button(key=STOP).click().run()
        assert not app.exception
        assert setting.served().stopped
        assert read_emergency(setting.room)[KEY].by == "ana"
        assert "could not record the stop" in text_of(app)
        assert "served to nobody" in text_of(app)
        assert not [each for each in app.button if each.key == STOP]
    app.run()
    assert "Flags" in text_of(app)


def test_a_viewer_is_told_the_owners_way_and_gets_no_button(setting: Setting) -> None:
    app = flags_page(setting, Role.VIEWER)
    with away(setting):
        app.run()
        assert "rollout stop --rollout KEY" in text_of(app)
        assert not [each for each in app.button if each.key == STOP]


def test_a_right_that_was_taken_away_while_the_panel_stood_stops_nothing(setting: Setting) -> None:
    app = flags_page(setting, Role.OPERATOR)
    with away(setting):
        app.run()
        setting.room.last_known.drop_where(lambda actor: actor.principal == "ana")
        app.button(key=STOP).click().run()
        assert not setting.served().stopped
        assert "The control store is away" in text_of(app)
        assert "rollout stop --rollout KEY" in text_of(app)
