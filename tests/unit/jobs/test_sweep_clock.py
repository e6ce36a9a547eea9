"""The clock of the sweeps: one at a time, a hung one left behind, a failed one survived. Nothing here is timed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from rollout_core.errors import StoreUnavailable
from rollout_core.jobs.sweep_clock import MOST_LEFT_BEHIND, SweepClock

PATIENCE_S = 20.0


def clock(once: Any, **limits: float) -> SweepClock:
    return SweepClock(None, once=once, **{"every_seconds": 0.001, "limit_seconds": PATIENCE_S, **limits})


def run_until(made: SweepClock, reached: threading.Event) -> None:
    made.start()
    try:
        assert reached.wait(PATIENCE_S), "the clock stood still"
    finally:
        made.stop()


def test_two_sweeps_never_overlap() -> None:
    running, most, seen, enough = [0], [0], [0], threading.Event()

    def once() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        seen[0] += 1
        if seen[0] >= 20:
            enough.set()
        running[0] -= 1

    run_until(clock(once), enough)
    assert most[0] == 1


def test_a_hung_sweep_is_left_behind_and_the_next_one_comes() -> None:
    hung, went_on = threading.Event(), threading.Event()
    turns: list[int] = []

    def once() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            hung.wait(PATIENCE_S)
        else:
            went_on.set()

    made = clock(once, limit_seconds=0.01)
    try:
        run_until(made, went_on)
    finally:
        hung.set()
    assert made.abandoned == 1
    assert len(turns) >= 2


def test_hung_sweeps_do_not_pile_up() -> None:
    hung, refused = threading.Event(), threading.Event()
    begun: list[int] = []

    def once() -> None:
        begun.append(1)
        hung.wait(PATIENCE_S)

    made = clock(once, limit_seconds=0.01)
    made.on_full = refused.set
    try:
        run_until(made, refused)
    finally:
        hung.set()
    assert len(begun) == MOST_LEFT_BEHIND


def test_a_sweep_that_fails_does_not_end_the_clock() -> None:
    turns, enough = [0], threading.Event()

    def once() -> None:
        turns[0] += 1
        if turns[0] == 1:
            raise StoreUnavailable("the event store is away", mend="Wait.")
        if turns[0] == 2:
            raise ValueError("a defect")
        enough.set()

    run_until(clock(once), enough)
    assert turns[0] >= 3


def test_it_stops_after_the_sweep_under_way(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[int] = []

    def once() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)
        ended.append(1)

    made = clock(once, every_seconds=PATIENCE_S)
    made.start()
    assert begun.wait(PATIENCE_S)
    go_on.set()
    made.stop()
    assert ended == [1]
