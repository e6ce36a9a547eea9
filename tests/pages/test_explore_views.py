"""What the Explore page offers is what the event store allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pages.panels.explore_parts import MOST_ROWS, MOST_SECONDS, SAVED, VIEWS
from rollout_core.storage.event_store import DuckdbEventStore, open_event_store
from rollout_core.storage.event_views import view_definitions


@pytest.fixture(scope="module")
def events() -> Iterator[DuckdbEventStore]:
    """An empty event store in memory."""
    store = open_event_store(None, b"k" * 32)
    yield store
    store.close()


def test_every_view_people_may_read_is_explained_and_no_other() -> None:
    assert set(VIEWS) == set(view_definitions())


@pytest.mark.parametrize("name", list(SAVED))
def test_every_offered_question_is_accepted_by_the_store(events: DuckdbEventStore, name: str) -> None:
    found = events.query(SAVED[name], limit=MOST_ROWS, seconds=MOST_SECONDS)
    assert found.columns
