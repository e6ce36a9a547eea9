"""The control store's file is removed or replaced while the app runs: nothing is written into nowhere; down works."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.emergency import FILE
from rollout_core.errors import StoreCorrupt
from rollout_core.ports.control_records import PlanText
from rollout_core.settings import read_settings
from rollout_core.storage.control_store import open_control_store
from tests.fakes.control_setting import KEY, OPERATOR, Setting, other_store, read_made


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """A running rollout over a real control store in a folder of its own."""
    store = open_control_store(tmp_path / "store" / "control.sqlite", read_made)
    return other_store(store, tmp_path / "store").running(100)


def removed(setting: Setting) -> None:
    shutil.rmtree(setting.directory)


def replaced(setting: Setting) -> None:
    path = setting.directory / "control.sqlite"
    path.rename(path.with_name("aside.sqlite"))
    path.touch()


@pytest.mark.parametrize("happens", [removed, replaced])
@pytest.mark.parametrize(("verb", "fields"), [
    ("set_percentage", {"percentage": 3.0}), ("hold", {}), ("roll_back", {"kind": "immediate"}),
    ("open_issue", {"rollout": KEY, "title": "White page"}), ("waive_checklist", {"reason": "late"}),
    ("setup", {"documents": (PlanText("version 2", "v2.yaml"),)})])
def test_a_change_is_refused_in_words_and_not_written(setting: Setting, happens, verb: str, fields: dict) -> None:
    happens(setting)
    with pytest.raises(StoreCorrupt, match="removed or replaced") as refused:
        setting.act(verb, **fields)
    assert "rollout backup" in str(refused.value)
    assert not setting.served().stopped


@pytest.mark.parametrize("happens", [removed, replaced])
@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_the_way_down_serves_nobody_and_says_what_was_not_kept(setting: Setting, happens, verb: str) -> None:
    happens(setting)
    change = setting.act(verb, OPERATOR, reason="white page")
    assert setting.served().stopped
    assert "could not record" in change.warnings[0]
    assert "No epoch and no entry in the trail" in change.warnings[0]
    kept = json.loads((setting.directory / FILE).read_text(encoding="utf-8"))["stopped"]
    assert (kept[KEY]["by"], kept[KEY]["reason"]) == ("oli", "white page")


@pytest.mark.parametrize("happens", [removed, replaced])
def test_every_page_says_so_while_the_old_file_can_still_be_read(setting: Setting, happens) -> None:
    room = ControlRoom(setting.room, read_settings({"ROLLOUT_STORE": str(setting.directory)}), "owner", "write")
    assert room.notices() == ()
    happens(setting)
    assert "was removed or replaced" in room.notices()[0]


def test_what_the_removed_file_holds_is_still_saved(setting: Setting, tmp_path: Path) -> None:
    removed(setting)
    change = setting.act("backup", directory=str(tmp_path / "saved"))
    assert "not in the trail" in change.warnings[0]
    saved = open_control_store(tmp_path / "saved" / "control.sqlite", read_made)
    with saved.read() as unit:
        assert unit.rollouts.get(KEY).percentage == 1_000


def test_a_removed_file_is_not_made_anew_by_the_next_connection(setting: Setting) -> None:
    (setting.directory / "control.sqlite").unlink()
    setting.control._engine.dispose()
    with pytest.raises(StoreCorrupt, match="removed or replaced"), setting.control.read() as unit:
        unit.rollouts.all()
    assert not (setting.directory / "control.sqlite").exists()
