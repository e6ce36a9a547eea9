"""Looks share a heavy tail; what is decided reads the newest events; a change of everything is in the next look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.insight.look import Instant, look, still_look
from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, Tail
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.ports.room import Room
from rollout_core.ports.tail_memory import HEAVY, KeptTail
from rollout_core.settings import read_settings
from rollout_core.storage.control_store import open_control_store
from rollout_core.storage.event_store import DuckdbEventStore
from tests.fakes.control_setting import other_store, read_made
from tests.fakes.made_events import at, batch, exposed, made

ROLLOUTS = [MirroredRollout("ex", "user")]
EPOCHS = [MirroredEpoch("ex", 1, at(0))]
CLOSED, NOW = at(29.75), at(29.9)
N = TAIL_COLUMNS.index("n")


def viewed(hour: float, who: str) -> Accepted:
    return made(Kind.PAGE_VIEW, hour, who, page="/a")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with as many page views of "a" and "b" after the watermark as make a tail heavy."""
    path = tmp_path_factory.mktemp("crowded") / "events.duckdb"
    store = DuckdbEventStore(path, b"s" * 32)
    store.mirror(ROLLOUTS, EPOCHS)
    store.write(batch(exposed(1, "a", "treatment"), exposed(1, "b", "control")))
    store.close_windows(CLOSED + timedelta(minutes=2))
    store.write(batch(*(viewed(29.8, "ab"[place % 2]) for place in range(HEAVY))))
    store.close()
    return path


@pytest.fixture
def room(crowded: Path, tmp_path: Path) -> Iterator[Room]:
    path = tmp_path / "events.duckdb"
    path.write_bytes(crowded.read_bytes())
    store = DuckdbEventStore(path, b"s" * 32)
    yield Room(control=cast(Any, None), events=store, directory=tmp_path, clock=Instant(NOW))
    store.close()


def views(room: Room) -> int:
    """Page views of the tail, as a room's store tells them."""
    rows = room.events.measure(Tail(Window(CLOSED, NOW), ("page_views",), "ex")).rows
    return sum(row[N] for row in rows)


def three_more(room: Room) -> None:
    room.events.write(batch(*(viewed(29.85, "a") for _ in range(3))))


def test_looks_share_a_heavy_tail_and_decisions_read_the_newest_events(room: Room) -> None:
    assert views(look(room)) == HEAVY
    three_more(room)
    assert views(look(room)) == HEAVY
    with still_look(room) as within:
        assert views(within) == HEAVY + 3


def test_every_page_says_of_which_instant_its_live_numbers_are(tmp_path: Path) -> None:
    setting = other_store(open_control_store(tmp_path / "control.sqlite", read_made), tmp_path)
    room = ControlRoom(setting.room, read_settings({"ROLLOUT_STORE": str(tmp_path)}), "owner", "write")
    assert room.notices() == ()
    now = setting.room.clock.now()
    read_at = now - timedelta(seconds=14)
    setting.room.tails.keep("ex", now, {"page_views": KeptTail(now - timedelta(minutes=3), read_at, 2.0, (), [])})
    assert room.notices() == (
        f"Very many events are arriving: live numbers hold those up to {read_at:%H:%M:%S} UTC.",)


@pytest.mark.parametrize(("change", "left"), [
    (lambda store: store.forget("user", "b"), HEAVY // 2 + 3),
    (lambda store: store.mirror(ROLLOUTS, [*EPOCHS, MirroredEpoch("ex", 2, at(29.7))]), HEAVY + 3)])
def test_who_was_forgotten_and_what_was_mirrored_is_in_the_next_look(
        room: Room, change: Callable[[DuckdbEventStore], Any], left: int) -> None:
    views(look(room))
    three_more(room)
    change(cast(DuckdbEventStore, room.events))
    assert views(look(room)) == left


def test_a_rebuilt_day_before_the_tail_leaves_it_as_it_is(room: Room) -> None:
    views(look(room))
    three_more(room)
    room.events.write(batch(viewed(3, "a")))
    assert room.events.close_windows(CLOSED + timedelta(minutes=3)).days_rebuilt == 1
    assert views(look(room)) == HEAVY
