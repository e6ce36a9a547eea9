"""The overview page's questions over 1 M and 10 M events, beside their bars. BENCH_EVENTS shrinks the large store.

Both stores have as many subjects per event: a tenth as many users and as many workspaces. What closed windows answer is
remembered until the next window is closed (every 5 minutes), so the page is measured as it is between two passes; the
first page of the process, and the first one after a further pass, are printed too.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rollout_core.insight import QUESTIONS
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Timeline
from rollout_core.ports.room import Room
from tests.bench.figures import at_most, cpu_seconds, report
from tests.bench.overview_world import NOW, FixedClock, world

EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
SMALL = EVENTS // 10
PER_SUBJECT = 10
ROUNDS = 7
PAGE = ("rollouts", "overview", "alerts")
"""What the overview page asks."""


def page(room: Room) -> None:
    """All questions of the overview page."""
    for name in PAGE:
        spec = QUESTIONS[name]
        spec.answer(room, spec.request())


def tail(room: Room) -> None:
    """The last hour, live from raw events."""
    hour = Window(NOW - timedelta(hours=1), NOW)
    for rollout in ("exercise_library", "patient_engagement"):
        room.events.measure(Timeline(rollout, ("request_errors", "session_errors"), hour, 60))


def after_a_pass(room: Room) -> float:
    """CPU seconds of the page once five minutes more are closed: the hour's last events are, and the day is rebuilt."""
    later = NOW + timedelta(minutes=5)
    room.events.close_windows(later)
    return cpu_seconds(lambda: page(replace(room, clock=FixedClock(later))))


def warm_up() -> None:
    """Imports everything, so that no figure holds it."""
    with tempfile.TemporaryDirectory() as directory:
        tiny = world(Path(directory), 10_000, 1_000)
        page(tiny), tail(tiny)


def main() -> int:
    """Prints the figures; 1 when a bar is missed."""
    warm_up()
    with tempfile.TemporaryDirectory() as small_at, tempfile.TemporaryDirectory() as large_at:
        small = world(Path(small_at), SMALL, SMALL // PER_SUBJECT)
        large = world(Path(large_at), EVENTS, EVENTS // PER_SUBJECT)
        first = [cpu_seconds(lambda room=room: page(room)) for room in (small, large)]
        print(f"first page of the process: {first[0]:.2f} CPU s at {SMALL:,} events, {first[1]:.2f} at {EVENTS:,}")
        tail(small), tail(large)
        pages = [(cpu_seconds(lambda: page(small)), cpu_seconds(lambda: page(large))) for _ in range(ROUNDS)]
        tails = [(cpu_seconds(lambda: tail(small)), cpu_seconds(lambda: tail(large))) for _ in range(ROUNDS)]
        after = [after_a_pass(room) for room in (small, large)]
        print(f"first page after a further pass: {after[0]:.2f} CPU s at {SMALL:,}, {after[1]:.2f} at {EVENTS:,}")
        return report("Overview page", [
            at_most(f"overview at {EVENTS:,} events over {SMALL:,}", 1.5, "x", [big / little for little, big in pages]),
            at_most(f"overview at {EVENTS:,} events", 0.5, "CPU s", [big for _, big in pages]),
            at_most(f"live tail at {EVENTS:,} events over {SMALL:,}", 1.2, "x",
                    [big / little for little, big in tails]),
        ])


if __name__ == "__main__":
    sys.exit(main())
