"""Both control stores: the SQL adapter on a fresh file and the fake in memory. One suite runs on each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout_core.documents.plan_document import read_plan
from rollout_core.ports.control_store import ControlStore
from rollout_core.storage.control_store import open_control_store
from tests.fakes.control_store import FakeControlStore


@pytest.fixture(params=["sqlite", "fake"])
def control(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ControlStore]:
    store = FakeControlStore(read_plan) if request.param == "fake" else open_control_store(
        tmp_path / "control.sqlite", read_plan, reserve=tmp_path / "reserve")
    yield store
    store.close()


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "control.sqlite"
