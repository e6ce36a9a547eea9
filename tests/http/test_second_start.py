"""A second start of the same store changes no control data, and the link it prints is good for one sign-in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.running_app import printed_link, running_app

pytestmark = pytest.mark.server


def rows_of(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the control store."""
    with closing(sqlite3.connect(store / "control.sqlite")) as file:
        tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {table: sorted(file.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr) for table in tables}


def test_a_second_start_leaves_the_control_data_as_it_is_and_signs_in_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with running_app(store):
        pass
    before = rows_of(store)
    assert before["rollouts"]
    with running_app(store) as again:
        link = printed_link(again)
    assert rows_of(store) == before
    with running_app(store) as third:
        with third.client() as browser:
            assert browser.post("/signin", data={"link": link}).status_code == 401      # of a process that is over
            assert browser.post("/signin", data={"link": printed_link(third)}).status_code == 303
            assert browser.post("/signin", data={"link": printed_link(third)}).status_code == 401
        with third.owner() as owner:
            records = owner.get("/api/admin/rollout/audit").json()["records"]
        tried = [(each["entry"]["verb"], each["entry"]["outcome"]) for each in reversed(records)][-3:]
        assert tried == [("sign_in", "refused"), ("sign_in", "done"), ("sign_in", "refused")]
