"""An app that cannot start says why in words and ends, however it is started: no traceback for what can be mended."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from rollout_core.storage.control_migrations import SCHEMA_VERSION
from rollout_core.storage.control_store import open_control_store
from tests.fakes.control_setting import read_made
from tests.fakes.running_app import ROOT, RunningApp, free_port

pytestmark = pytest.mark.server
WAYS = {"python": ("dashboard.py",),
        "streamlit": ("-m", "streamlit", "run", "dashboard.py", "--server.headless=true", "--server.port={port}"),
        "serve": ("-m", "rollout_core", "serve")}


def started(store: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """The app started on a store that it cannot use; it must end by itself."""
    port = str(free_port())
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROLLOUT_", "STREAMLIT_"))}
    return subprocess.run([sys.executable, *(word.format(port=port) for word in command)], cwd=ROOT, text=True,
                          capture_output=True, timeout=180, check=False,
                          env={**clean, "ROLLOUT_STORE": str(store), "ROLLOUT_PORT": port})


def newer(store: Path) -> str:
    """Written by a newer version of the program."""
    open_control_store(store / "control.sqlite", read_made).close()
    with closing(sqlite3.connect(store / "control.sqlite")) as file:
        file.execute("UPDATE meta SET value = '99' WHERE name = ?", (SCHEMA_VERSION,))
        file.commit()
    return "99"


def corrupt(store: Path) -> str:
    """No database at all."""
    store.mkdir()
    (store / "control.sqlite").write_bytes(b"this is no database" * 1_000)
    return "is not a database"


def folder_in_the_way(store: Path) -> str:
    """The store's place is a file."""
    store.write_text("a file", encoding="ascii")
    return "cannot be made"


def unwritable(store: Path) -> str:
    """A folder that may be read and not written."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    store.mkdir(mode=0o500)
    return "cannot be written"


@pytest.mark.parametrize("broken", [newer, corrupt, folder_in_the_way, unwritable])
def test_a_store_that_cannot_be_used_is_told_in_words(tmp_path: Path, broken) -> None:
    said = broken(tmp_path / "store")
    ran = started(tmp_path / "store", WAYS["python"])
    in_words(ran, said)


@pytest.mark.parametrize("way", ["streamlit", "serve"])
def test_the_same_words_however_it_is_started(tmp_path: Path, way: str) -> None:
    said = newer(tmp_path / "store")
    in_words(started(tmp_path / "store", WAYS[way]), said)


@pytest.mark.parametrize("way", ["python", "streamlit", "serve"])
def test_a_store_that_another_app_serves_is_left_to_it(app: RunningApp, way: str) -> None:
    ran = started(app.store, WAYS[way])
    in_words(ran, "serves this store already")
    with app.client() as client:
        assert client.get("/healthz").status_code == 200


def test_the_demo_is_not_asked_for_in_vain_beside_a_store_that_is_named(app: RunningApp) -> None:
    ran = started(app.store, (*WAYS["serve"], "--demo"))
    assert f"ROLLOUT_STORE names {app.store}: that is served, not the simulated store." in ran.stderr


def in_words(ran: subprocess.CompletedProcess[str], said: str) -> None:
    """It failed, says so, and shows no traceback."""
    told = ran.stdout + ran.stderr
    assert ran.returncode not in (0, None), told
    assert said in told
    assert "Traceback" not in told
