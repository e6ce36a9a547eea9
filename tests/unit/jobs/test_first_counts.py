"""What is counted after the start: when, of which rollouts, and that nothing depends on it. Nothing here is timed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout_core.errors import StoreUnavailable
from rollout_core.jobs import first_counts
from rollout_core.jobs.first_counts import FirstCounts
from rollout_core.ports.event_questions import Rows, Watermarks
from rollout_core.ports.room import Room
from tests.fakes.control_setting import KEY, Setting
from tests.fakes.registers import NOW

PATIENCE_S = 20.0
DAY = timedelta(days=1)


@dataclass
class Closing:
    """An event store that tells one after the other how far windows are closed; the last is told again and again."""

    until: list[datetime | None]
    told: list[datetime | None] = field(default_factory=list)

    def measure(self, question: Any) -> Rows:
        assert isinstance(question, Watermarks)
        self.told.append(self.until[min(len(self.told), len(self.until) - 1)])
        return Rows(("name", "at"), [], self.told[-1])


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """One rollout that runs and one that does not."""
    made = Setting(tmp_path).running()
    made.set_up("other")
    return made


def counted(room: Room, *, fail: Exception | None = None, many: int = 3) -> list[tuple[str, Any]]:
    """What is asked until the thread has asked `many`, or has ended."""
    asked: list[tuple[str, Any]] = []
    enough = threading.Event()

    def ask(name: str, request: Any) -> None:
        asked.append((name, request.rollout))
        if len(asked) >= many:
            enough.set()
        if fail is not None:
            enough.set()
            raise fail

    counts = FirstCounts(room, try_every_seconds=0.001, ask=ask)
    counts.start()
    assert enough.wait(PATIENCE_S), "nothing was asked"
    counts.stop()
    return asked


def over(setting: Setting, *until: datetime | None) -> tuple[Room, Closing]:
    events = Closing(list(until))
    return replace(setting.room, events=events), events


def test_what_people_did_is_counted_for_rollouts_that_were_started(setting: Setting) -> None:
    room, _ = over(setting, NOW)
    assert counted(room) == [("adoption", KEY), ("business", KEY), ("report", KEY)]


def test_it_waits_until_windows_are_closed_near_to_now(setting: Setting) -> None:
    room, events = over(setting, None, NOW - DAY, NOW)
    counted(room)
    assert events.told == [None, NOW - DAY, NOW], "no more is asked of it, and nothing before"


def test_windows_that_never_close_are_not_waited_for_for_ever(setting: Setting) -> None:
    room, events = over(setting, None)
    assert len(counted(room)) == 3
    assert len(events.told) == first_counts.MOST_TRIES - 1


def test_a_store_that_cannot_count_ends_the_thread_and_nothing_else(setting: Setting,
                                                                    caplog: pytest.LogCaptureFixture) -> None:
    room, _ = over(setting, NOW)
    assert len(counted(room, fail=StoreUnavailable("The event store is away."))) == 1
    assert "The event store is away." in caplog.text


def test_an_end_before_that_asks_nothing(setting: Setting) -> None:
    room, events = over(setting, None)
    asked: list[str] = []
    counts = FirstCounts(room, try_every_seconds=PATIENCE_S, ask=lambda name, request: asked.append(name))
    counts.start()
    counts.stop()
    assert (events.told, asked) == ([], [])
