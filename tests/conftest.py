"""In which order the tests run, how the processes of `pytest -n` share them (decision 90), and that none is timed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")        # machines are slow and busy: speed is measured in tests/bench

FIRST = ("browser", "statistics", "contract", "http", "cli", "notebooks", "golden", "pages")
"""Folders whose files take long: begun first, so that no process waits for the other at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by folder and keeps the order within it."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    folder = nodeid.split("/")[1]
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays in one process; so does everything in a browser, which is slow enough when it runs once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::", maxsplit=1)[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)
