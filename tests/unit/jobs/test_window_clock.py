"""The clock that keeps the store counted: what it does when, and that one failing step does not stop the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from rollout_core.errors import StoreUnavailable
from rollout_core.jobs.window_clock import WindowClock
from rollout_core.ports.event_store import Closed, Retained
from rollout_core.ports.keeping import DEFAULT_KEEP_DAYS, choose
from rollout_core.ports.room import Room
from tests.fakes.control_store import FakeControlStore
from tests.fakes.made_events import at


@dataclass
class Moment:
    """A clock to be set."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class NotingEvents:
    """An event store that notes what it is asked to do; `behind` is what a pass leaves over."""

    passes: list[int] = field(default_factory=list)
    kept: list[Mapping[str, int]] = field(default_factory=list)
    behind: int = 0

    def close_windows(self, now: datetime, *, days: int) -> Closed:
        self.passes.append(days)
        return Closed(now, 0, 0, self.behind)

    def retain(self, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
        self.kept.append(keep_days)
        return Retained({}, ())


class AwayControl:
    """A control store that is away: mirrors cannot be brought up to date."""

    def read(self) -> Any:
        raise StoreUnavailable("away")


@dataclass
class Surroundings:
    """As much of a Room as the clock touches."""

    clock: Moment
    events: NotingEvents
    control: Any = field(default_factory=AwayControl)


def clock_at(hour: float) -> tuple[WindowClock, Surroundings]:
    room = Surroundings(Moment(at(hour)), NotingEvents())
    return WindowClock(cast(Room, room), keep_days={"error": 9}), room


def test_spans_are_built_at_every_tick_and_rollups_once_a_minute() -> None:
    clock, room = clock_at(1)
    for _ in range(31):
        clock.tick()
        room.clock.moment += timedelta(seconds=2)
    assert room.events.passes == [60, *([0] * 29), 60]


def test_work_that_is_left_over_goes_on_at_the_next_tick() -> None:
    clock, room = clock_at(1)
    room.events.behind = 5
    clock.tick()
    clock.tick()
    assert not clock.up_to_date.is_set(), "what people did is not counted yet"
    room.events.behind = 0
    clock.tick()
    assert clock.up_to_date.is_set()
    clock.tick()
    assert room.events.passes == [60, 60, 60, 0]


def test_mirrors_that_cannot_be_read_do_not_keep_windows_from_closing() -> None:
    clock, room = clock_at(1)
    clock.tick()
    assert room.events.passes == [60]


def test_nothing_is_deleted_while_nobody_can_tell_what_is_to_be_kept() -> None:
    clock, room = clock_at(4)
    clock.tick()
    assert room.events.kept == []


def test_retention_keeps_what_was_chosen_for_the_store() -> None:
    clock, room = clock_at(4)
    room.control = FakeControlStore(lambda text, source: None)
    with room.control.write() as unit:
        choose(unit.meta, "text", 7)
        choose(unit.meta, "error", 100)
    clock.tick()
    [kept] = room.events.kept
    assert (kept["text"], kept["error"], kept["session"]) == (7, 9, DEFAULT_KEEP_DAYS["session"])


def test_the_reserve_is_filled_again_after_a_pause_took_it() -> None:
    clock, room = clock_at(1)
    room.control = FakeControlStore(lambda *_: None)
    clock.tick()
    assert room.control.free_reserve()
    clock.tick()
    assert not room.control.reserve, "within the hour it waits"
    room.clock.moment = at(2)
    clock.tick()
    assert room.control.reserve


def test_retention_runs_once_a_day_after_three_o_clock() -> None:
    clock, room = clock_at(2.9)
    room.control = FakeControlStore(lambda text, source: None)
    clock.tick()
    assert room.events.kept == []
    for hours in (0.2, 1, 24):          # 03:06, 04:06, and 04:06 on the next day
        room.clock.moment += timedelta(hours=hours)
        clock.tick()
    assert room.events.kept == [{**DEFAULT_KEEP_DAYS, "error": 9}] * 2
