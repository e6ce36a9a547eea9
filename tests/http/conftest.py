"""One running app for all tests of its doors; tests leave its rollouts as they are or use names of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.running_app import RunningApp, running_app


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("app") / "store") as started:
        yield started
