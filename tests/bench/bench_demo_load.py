"""What it costs to make and load simulated events, in CPU seconds per 300,000 of them (bar: loading takes 20 s).

The demo's verbs are pressed first, then the events of eight weeks are made, written through the product's write path a
week at a time, and their windows closed in one pass. `rollout demo --anew` costs more: it looks between.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.preparing import set_up
from rollout_core.metrics.measured import Window
from rollout_core.settings import read_settings
from rollout_core.simulation.demo import (
    DAYS_A_BATCH,
    SWEEP,
    MadeClock,
    cast_of,
    enrol,
    first_midnight,
    load_scenarios,
    press,
    stretches_of,
    write_events,
)
from rollout_core.simulation.scenario import Scenario
from rollout_core.simulation.session_events import make_day
from tests.bench.figures import at_most, report

UNTIL_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENTS = 300_000
BAR = 20.0


def loaded(scenario: Scenario, folder: str) -> dict[str, float]:
    """CPU seconds of each part for one scenario, and how many events there were."""
    spent = dict.fromkeys(("made", "written", "windows", "events"), 0.0)
    began_at = first_midnight([scenario], UNTIL_AT)
    control_room = open_room(read_settings({"ROLLOUT_STORE": str(Path(folder) / scenario.plan)}))
    clock = MadeClock(began_at)
    room = replace(control_room.room, clock=clock)
    try:
        set_up(replace(control_room, room=room))
        cast = cast_of(scenario, began_at, UNTIL_AT)
        enrol(room, cast, began_at)
        for step in scenario.steps:
            if step.verb != SWEEP:
                clock.at = began_at + timedelta(days=step.day)
                press(room, scenario.plan, step)
        stretches = stretches_of(room, cast)
        for first in range(0, scenario.days, DAYS_A_BATCH):
            began = process_time()
            events = [event for day in range(first, first + DAYS_A_BATCH)
                      for event in make_day(scenario, cast.people, stretches, began_at, day)]
            made = process_time()
            window = Window(began_at + timedelta(days=first), began_at + timedelta(days=first + DAYS_A_BATCH))
            spent["events"] += write_events(room, cast, events, window, str(first))
            spent["made"] += made - began
            spent["written"] += process_time() - made
        began = process_time()
        while room.events.close_windows(UNTIL_AT).behind:
            pass
        spent["windows"] = process_time() - began
    finally:
        control_room.close()
    return spent


def main() -> int:
    """0 when the bar is met."""
    with tempfile.TemporaryDirectory(prefix="rollout-load-") as folder:
        found = [loaded(scenario, folder) for scenario in load_scenarios(Path("data/demo"))]
    total = {name: sum(each[name] for each in found) for name in found[0]}
    per = {name: total[name] / total["events"] * EVENTS for name in total}
    line = at_most("demo events written and their windows closed, per 300,000", BAR, "CPU s",
                   [per["written"] + per["windows"]])
    print(f"{total['events']:,.0f} events; CPU s per 300,000: made {per['made']:.1f}, written {per['written']:.1f}, "
          f"windows {per['windows']:.1f}")
    return report("Loading the demo", [line])


if __name__ == "__main__":
    sys.exit(main())
