"""What is counted after the start: when, of which rollouts, and that nothing depends on it. Nothing here is timed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from rollout_core.errors import StoreUnavailable
from rollout_core.jobs.first_counts import FirstCounts
from tests.fakes.control_setting import KEY, Setting

PATIENCE_S = 20.0


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """One rollout that runs and one that does not."""
    made = Setting(tmp_path).running()
    made.set_up("other")
    return made


def over(first: bool) -> threading.Event:
    """Whether the first pass over the windows is over."""
    made = threading.Event()
    if first:
        made.set()
    return made


def counted(setting: Setting, after: threading.Event, *, patience: float = PATIENCE_S,
            fail: Exception | None = None) -> list[tuple[str, Any]]:
    """What is asked until the thread has asked all three, or has failed."""
    asked: list[tuple[str, Any]] = []
    enough = threading.Event()

    def ask(name: str, request: Any) -> None:
        asked.append((name, request.rollout))
        if len(asked) == 3 or fail is not None:
            enough.set()
        if fail is not None:
            raise fail

    counts = FirstCounts(setting.room, after, patience_seconds=patience, ask=ask)
    counts.start()
    assert enough.wait(PATIENCE_S), "nothing was asked"
    counts.stop()
    return asked


def test_what_people_did_is_counted_for_rollouts_that_were_started(setting: Setting) -> None:
    assert counted(setting, over(True)) == [("adoption", KEY), ("business", KEY), ("report", KEY)]


class Awaited(threading.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.set()
        return super().wait(timeout)


def test_it_waits_for_the_first_pass_over_the_windows(setting: Setting) -> None:
    after, asked, enough = Awaited(), [], threading.Event()

    def ask(name: str, request: Any) -> None:
        asked.append((name, after.is_set()))
        if len(asked) == 3:
            enough.set()

    counts = FirstCounts(setting.room, after, ask=ask)
    counts.start()
    assert after.waited.wait(PATIENCE_S)
    after.set()
    assert enough.wait(PATIENCE_S)
    counts.stop()
    assert asked == [("adoption", True), ("business", True), ("report", True)]


def test_windows_that_never_close_are_not_waited_for_for_ever(setting: Setting) -> None:
    assert len(counted(setting, over(False), patience=0.001)) == 3


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("failure", [StoreUnavailable("The event store is away."), RuntimeError("a bug")])
def test_what_cannot_be_counted_ends_the_thread_and_nothing_else(setting: Setting, failure: Exception) -> None:
    assert len(counted(setting, over(True), fail=failure)) == 1


def test_an_end_before_that_asks_nothing(setting: Setting) -> None:
    asked: list[str] = []
    counts = FirstCounts(setting.room, over(False), ask=lambda name, request: asked.append(name))
    counts.start()
    counts.stop()
    assert asked == []
