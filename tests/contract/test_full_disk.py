"""A disk without room under the event store: what cannot be written is undone, what is there is read, all stays whole.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rollout_core.errors import DiskFull
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.full_disk import no_room
from tests.fakes.made_events import at, batch, request

KEY = b"k" * 32
MANY = 2_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.duckdb"


def plenty(first: int = 0) -> list:
    return [request(1.0, f"u{first + number}", event_id=f"e-{first + number}") for number in range(MANY)]


def stored(store: DuckdbEventStore) -> int:
    return store.query("select count(*) from api_requests").rows[0][0]


def log_of(path: Path) -> int:
    """Bytes of the write-ahead log."""
    return path.with_name(path.name + ".wal").stat().st_size


def test_a_batch_that_finds_no_room_is_undone_whole_and_the_store_goes_on(path: Path) -> None:
    store = DuckdbEventStore(path, KEY)
    store.write(batch(*plenty()))
    with no_room(log_of(path) + 100):
        with pytest.raises(DiskFull):
            store.write(batch(*plenty(MANY)))
        assert store.usable
        assert stored(store) == MANY
        with pytest.raises(DiskFull):
            store.close_windows(at(48.0) + timedelta(days=1))
    assert store.write(batch(*plenty(MANY))).stored == MANY
    store.close_windows(at(48.0) + timedelta(days=1))
    assert stored(store) == 2 * MANY
    store.close()


def test_opening_without_room_says_so_and_not_that_the_store_is_damaged(path: Path) -> None:
    store = DuckdbEventStore(path, KEY)
    store.write(batch(*plenty()))
    with no_room(log_of(path) + 100):
        with pytest.raises(DiskFull, match="cannot be opened: the disk is full"):
            store.reopen()
        assert not store.usable
    store.reopen()
    assert stored(store) == MANY
    store.close()
