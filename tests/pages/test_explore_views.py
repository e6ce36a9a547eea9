"""What the Explore page offers is what the event store allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from pages.panels.explore_parts import MOST_ROWS, MOST_SECONDS, SAVED, VIEWS, csv_of
from rollout_core.ports.event_store import Found
from rollout_core.storage.event_store import DuckdbEventStore, open_event_store
from rollout_core.storage.event_views import view_definitions
from tests.fakes.control_room import FakeControlRoom
from tests.pages.conftest import open_page, put, text_of


@pytest.fixture(scope="module")
def events() -> Iterator[DuckdbEventStore]:
    """An empty event store in memory."""
    store = open_event_store(None, b"k" * 32)
    yield store
    store.close()


def test_a_viewer_runs_no_sql_on_the_page_as_in_the_interface() -> None:
    asked = []

    class Listening(FakeControlRoom):
        def query(self, actor: Any, sql: str, limit: int) -> Found:
            asked.append(actor.role)
            return super().query(actor, sql, limit)

    put(Listening())
    app = open_page("insight/explore.py", "viewer")
    assert not app.error
    assert "Operators and admins ask here" in text_of(app)
    assert not [each for each in app.text_area if each.key == "sql"]
    assert asked == []
    open_page("insight/explore.py", "operator")
    assert asked


def test_no_cell_of_a_downloaded_answer_is_a_formula() -> None:
    frame = pd.DataFrame({"=1+1": ["=cmd|' /C calc'!A0", "@SUM(1)", "sound", None], "n": [-1, 2, 3, 4]})
    lines = csv_of(frame).decode().splitlines()
    assert lines == ["'=1+1,n", "'=cmd|' /C calc'!A0,-1", "'@SUM(1),2", "sound,3", ",4"]


def test_every_view_people_may_read_is_explained_and_no_other() -> None:
    assert set(VIEWS) == set(view_definitions())


@pytest.mark.parametrize("name", list(SAVED))
def test_every_offered_question_is_accepted_by_the_store(events: DuckdbEventStore, name: str) -> None:
    found = events.query(SAVED[name], limit=MOST_ROWS, seconds=MOST_SECONDS)
    assert found.columns
