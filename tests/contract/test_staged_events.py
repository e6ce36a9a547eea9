"""A restore's events take their place only while nobody else has the event file open: not beside a hung app."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rollout_core.bootstrap.opening import open_room
from rollout_core.control.restore import STAGED_EVENTS
from rollout_core.errors import StoreLocked
from rollout_core.settings import read_settings
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.made_events import batch, request

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@contextmanager
def held_by_another(path: Path) -> Iterator[None]:
    """Another process has the event file open and does nothing, as an app does that hangs."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield
        finally:
            process.kill()


def test_staged_events_wait_while_another_process_has_the_event_file(tmp_path: Path) -> None:
    settings = read_settings({"ROLLOUT_STORE": str(tmp_path)})
    room = open_room(settings)
    assert isinstance(room.room.events, DuckdbEventStore)
    room.room.events.snapshot(tmp_path / "empty.duckdb")
    room.room.events.write(batch(request(1.0, "u1")))
    room.close()
    (tmp_path / "empty.duckdb").rename(tmp_path / STAGED_EVENTS)
    present = (tmp_path / "events.duckdb").stat().st_ino
    with held_by_another(tmp_path / "events.duckdb"):
        beside = open_room(settings, wait_seconds=0.3)
        assert isinstance(beside.events_closed, StoreLocked)
        assert (tmp_path / STAGED_EVENTS).is_file()
        assert (tmp_path / "events.duckdb").stat().st_ino == present
        beside.close()
    alone = open_room(settings)
    assert alone.room.events.query("SELECT count(*) FROM api_requests").rows == [(0,)]
    assert not (tmp_path / STAGED_EVENTS).exists()
    alone.close()
