"""Who was forgotten since a backup is not brought back by restoring it: neither in the events nor anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.bootstrap.opening import open_room
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.forget_again import UNFORGOTTEN
from rollout_core.errors import StoreUnavailable
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.control_records import Subject
from rollout_core.settings import read_settings
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import batch, request

ADMIN = Actor("ann", Role.ADMIN, "session", "page", session_id="s1")
PEOPLE = ("early", "late", "stays")


@contextmanager
def opened(folder: Path) -> Iterator[ControlRoom]:
    room = open_room(read_settings({"ROLLOUT_STORE": str(folder)}))
    try:
        yield room
    finally:
        room.close()


def act(room: ControlRoom, name: str, **fields: Any) -> Change:
    verb = VERBS[name]
    return verb.act(room.room, ADMIN, verb.request(**fields))


def recorded(room: ControlRoom, *people: str) -> None:
    room.room.events.write(batch(*(request(number + 1.0, who) for number, who in enumerate(people))))
    with room.room.control.write() as unit:
        unit.register.upsert_many([Subject("user", who, {"tier": "pro"}) for who in people])


def requests_of(room: ControlRoom) -> int:
    return int(room.room.events.query("SELECT count(*) FROM api_requests").rows[0][0])


def test_restored_events_are_without_those_forgotten_before_and_after_the_restore(tmp_path: Path) -> None:
    """Three people with a request each; one is forgotten before the restore, one between it and the next start."""
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, *PEOPLE)
        backup = act(room, "backup", directory=str(tmp_path / "backup")).result["directory"]
        act(room, "forget", unit="user", subject="early")
        act(room, "restore", directory=backup, reason="drill")
        act(room, "forget", unit="user", subject="late")
        assert (folder / UNFORGOTTEN).is_file()
    with opened(folder) as room:
        assert requests_of(room) == 1
        assert room.room.events.forget("user", "early").removed == {}
        assert room.room.events.forget("user", "late").removed == {}
        assert not (folder / UNFORGOTTEN).exists()
        with room.room.control.read() as unit:
            assert [unit.register.get("user", who) for who in ("early", "late")] == [None, None]


def test_a_restored_event_store_is_sound_though_batches_since_are_not_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, "early")
        backup = act(room, "backup").result["directory"]
        recorded(room, "late")
        act(room, "restore", directory=backup, reason="drill")
    with opened(folder) as room:
        assert requests_of(room) == 1
        assert room.room.events.condition().problems == ()


def test_what_a_killed_process_left_half_made_goes_at_the_next_start_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, "early")
        backup = Path(act(room, "backup").result["directory"])
    left = [folder / "rehearsals/x/events.duckdb", folder / "control.sqlite.amending-x/control.sqlite",
            folder / "events.duckdb.restore.part", folder / "store.key.restore.part", folder / "backups/y.part/key"]
    own = [backup / "manifest.json", folder / "backups/mine/notes", folder / "exports/a.parquet", folder / "notes.part"]
    for path in (*left, *own[1:]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    with opened(folder) as room:
        assert requests_of(room) == 1
    assert [path for path in left if path.exists()] == []
    assert [path for path in own if not path.exists()] == []
    assert not (folder / "control.sqlite.amending-x").exists()


def test_who_comes_back_after_being_forgotten_keeps_what_was_recorded_since(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, *PEOPLE)
        act(room, "forget", unit="user", subject="early")
        recorded(room, "early")
        backup = act(room, "backup", directory=str(tmp_path / "backup")).result["directory"]
        act(room, "restore", directory=backup, reason="drill")
    with opened(folder) as room:
        assert requests_of(room) == 3


def test_nobody_reads_restored_events_before_the_forgotten_are_erased(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The erasing fails once: the event store stays closed and says why; the next start erases."""
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, *PEOPLE)
        backup = act(room, "backup", directory=str(tmp_path / "backup")).result["directory"]
        act(room, "forget", unit="user", subject="early")
        act(room, "restore", directory=backup, reason="drill")

    def failing(self: DuckdbEventStore, keys: object) -> None:
        raise StoreUnavailable("The disk is away.")
    with monkeypatch.context() as patched:
        patched.setattr(DuckdbEventStore, "forget_keys", failing)
        with opened(folder) as room:
            assert "The disk is away." in str(room.events_closed)
    with opened(folder) as room:
        assert room.events_closed is None
        assert requests_of(room) == 2


def test_forgetting_names_the_event_file_that_a_restore_put_aside(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with opened(folder) as room:
        recorded(room, *PEOPLE)
        backup = act(room, "backup", directory=str(tmp_path / "backup")).result["directory"]
        act(room, "restore", directory=backup, reason="drill")
    with opened(folder) as room:
        still = act(room, "forget", unit="user", subject="stays").result["still_in"]
        assert str(folder / "events.duckdb.before-restore") in still
