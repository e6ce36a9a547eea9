"""The demo scenarios in mode act, and their harmless versions: `python -m tests.statistics.bench_demo [PART …]`.

`story`: each demo scenario at full size, the autopilot acting at every sweep; it has to reduce during the incident and
the regression, and at no other time. `harmless`: the same stories with no difference in treatment, many seeds, fewer
people; the share in which the autopilot took anything away is the false-alarm rate of the whole product: store,
rollups, all guardrails and limits of the plan, sweep and verb.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from rollout_core.bootstrap.opening import open_room
from rollout_core.bootstrap.preparing import set_up
from rollout_core.control.sweep import Swept
from rollout_core.settings import read_settings
from rollout_core.simulation.acted import Acted, act_out, harmless, harms
from rollout_core.simulation.demo import MadeClock, load_scenarios
from rollout_core.simulation.scenario import Scenario

BEGAN_AT = datetime(2026, 1, 5, tzinfo=UTC)
FIRST_SEED = 20261123
BAR = 0.05
IN_MEMORY = next((place for place in ("/dev/shm",) if Path(place).is_dir()), None)
"""Where a store needs no disk; None: the usual temporary folder."""
AFTERWARDS = 4.0
"""Days after a harm ended within which a step is still its echo (held until a person resumes)."""


def lived(scenario: Scenario, every: timedelta, *, days: float | None = None, loud: bool = False) -> Acted:
    """One life of a scenario in a store that is thrown away."""
    def told(day: float, swept: Swept) -> None:
        print(f"         day {day:.2f}: {swept.act} because of {', '.join(swept.because)}: {swept.words}", flush=True)

    with TemporaryDirectory(prefix="rollout-act-", dir=IN_MEMORY) as folder:
        room = open_room(read_settings({"ROLLOUT_STORE": str(Path(folder) / "store")}))
        try:
            set_up(replace(room, room=replace(room.room, clock=MadeClock(BEGAN_AT))))
            return act_out(room.room, scenario, BEGAN_AT, every, days=days, told=told if loud else None)
        finally:
            room.close()


def story(scenario: Scenario, options: argparse.Namespace) -> bool:
    """The story as it is told; True when it was stopped in its harms and nowhere else."""
    found = lived(scenario, timedelta(hours=options.every), loud=True)
    windows = [(each.since, min(each.until, scenario.days)) for each in harms(scenario) if each.until < scenario.days]
    inside = [day for day, _ in found.lowered if any(low <= day <= high for low, high in windows)]
    stray = [day for day, _ in found.lowered if not any(low <= day <= high + AFTERWARDS for low, high in windows)]
    good = bool(inside) and not stray and not found.failed
    print(f"{'met   ' if good else 'MISSED'} [act] {scenario.name}: {found.sweeps} sweeps, first step "
          f"{(inside[0] - windows[0][0]) * 24 if inside else float('nan'):.1f} h after the harm began, "
          f"{len(stray)} outside it; {found.failed} sweeps failed", flush=True)
    for day, words in found.refused:
        print(f"         day {day:.2f}: refused to a person: {words}")
    return good


def harmless_ones(scenario: Scenario, options: argparse.Namespace) -> list[bool]:
    """For every seed, whether the autopilot took anything away."""
    paused = []
    for seed in range(options.first, options.first + options.seeds):
        found = lived(harmless(scenario, seed, options.people.get(scenario.plan)), timedelta(hours=options.every))
        paused.append(bool(found.lowered))
        for day, swept in found.lowered:
            print(f"         seed {seed}, day {day:.2f}: {swept.act}: {swept.words}", flush=True)
    return paused


def main() -> int:
    """0 when every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=["story", "harmless"], default=[])
    parser.add_argument("--plan", help="only this plan's scenario")
    parser.add_argument("--every", type=float, default=3.0, help="hours between sweeps")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--size", type=float, default=0.2, help="share of the demo's people in the harmless versions")
    options = parser.parse_args()
    scenarios = [each for each in load_scenarios(Path("data/demo")) if options.plan in (None, each.plan)]
    options.people = {each.plan: int(each.population.size * options.size) for each in scenarios}
    good = True
    if not options.parts or "story" in options.parts:
        told = [story(each, options) for each in scenarios]
        good &= all(told)
    if not options.parts or "harmless" in options.parts:
        for scenario in scenarios:
            paused = harmless_ones(scenario, options)
            rate = sum(paused) / len(paused)
            good &= rate <= BAR
            state = "met   " if rate <= BAR else "MISSED"
            print(f"{state} [act] harmless {scenario.plan}: {sum(paused)} of {len(paused)} seeds lowered or held "
                  f"({rate:.1%} <= {BAR:.0%}); {options.people[scenario.plan]:,} people, swept every "
                  f"{options.every:g} h", flush=True)
    print(f"{process_time():.0f} s CPU")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
