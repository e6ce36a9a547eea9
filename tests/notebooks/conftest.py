"""A copy of a small store, as the verb `copy_events` makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollout_core.storage.event_store import DuckdbEventStore
from tests.bench.event_worlds import NOW, SECRET, fill, mirrored


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 events of four kinds, windows closed."""
    directory = tmp_path_factory.mktemp("store")
    store = DuckdbEventStore(directory / "events.duckdb", SECRET)
    fill(store, 4_000, 201)          # odd: else no subject has both exposures and vitals
    mirrored(store)
    while store.close_windows(NOW).behind:
        pass
    made = store.snapshot(directory / "copy.duckdb")
    store.close()
    return made
