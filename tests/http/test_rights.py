"""Whoever made the folder: every file of a store is readable by its owner only, after a session and after a backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.running_app import running_app

pytestmark = pytest.mark.server


def test_every_file_of_a_store_is_its_owners_only_in_a_folder_made_by_others(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir(mode=0o755)
    store.chmod(0o755)
    old = store / "backups" / "old"
    old.mkdir(parents=True)
    (old / "control.sqlite").write_bytes(b"from before")
    for path in (old, old / "control.sqlite"):
        path.chmod(0o755)
    foreign = store / "notes.txt"
    foreign.write_text("somebody's own", encoding="ascii")
    foreign.chmod(0o644)
    settings = store / "package.json"
    settings.write_text("{}", encoding="ascii")
    settings.chmod(0o644)
    with running_app(store) as app:
        event = {"kind": "conversion", "event_id": "e1", "subject": "u1", "unit": "user", "name": "signed_up",
                 "occurred_at": "2026-01-01T00:00:00Z"}
        with app.owner() as owner:
            owner.post("/api/v1/events", json={"events": [event]})
            assert owner.post("/api/admin/rollout/backup", json={}).status_code == 200
        assert open_to_others(store) == {"notes.txt", "package.json"}
    assert open_to_others(store) == {"notes.txt", "package.json"}
    names = {path.name for path in store.rglob("*")}
    assert {"control.sqlite", "events.duckdb", "reserve", "owner.key", "store.key"} <= names


def open_to_others(store: Path) -> set[str]:
    """What others than the owner could read, write or list."""
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.lstat().st_mode & 0o077}
