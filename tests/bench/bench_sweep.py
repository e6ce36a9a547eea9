"""One whole sweep, store and judging, from rollups over four weeks: of a plan with 100 guardrails, and of the plan as
shipped. BENCH_EVENTS shrinks the large store.

Before each sweep five minutes of new events are closed, so that none is answered from memory alone; what closing them
costs is printed apart. The small store has a tenth of the events and of the people, and the same new ones.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from rollout_core.control.sweep import Swept, sweep_one
from rollout_core.insight import QUESTIONS
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.room import Room
from tests.bench.figures import Figure, at_most, cpu_seconds, report
from tests.bench.overview_world import NOW, PLANS, FixedClock, follow, world

EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
SMALL = EVENTS // 10
PER_SUBJECT = 10
RULES = 100
ROUNDS = 9
KEY = "exercise_library"
STEP = timedelta(minutes=5)
NEW_EVENTS = 2_000
"""In each five minutes, the same in every store."""


def with_guardrails(count: int) -> PlanText:
    """The shipped plan with so many guardrails: its own in turn, each under a key of its own."""
    plan: dict[str, Any] = yaml.safe_load((PLANS / f"{KEY}.yaml").read_text(encoding="utf-8"))
    own = plan["guardrails"]
    plan["guardrails"] = [own[place % len(own)] | {"key": f"rule_{place}"} for place in range(count)]
    return PlanText(yaml.safe_dump(plan | {"version": 2, "note": "Many guardrails, for a benchmark"}), "many.yaml")


def go_over_to(room: Room, document: PlanText) -> None:
    """The rollout runs on this plan from now on."""
    with room.control.write() as unit:
        plan = unit.plans.read(document)
        unit.plans.save(plan, document, NOW, "bench")
        rollout = unit.rollouts.get(KEY)
        unit.rollouts.save(replace(rollout, plan_version=plan.version, revision=rollout.revision + 1), rollout.revision)


class Watched:
    """A store whose time goes on by five minutes before each sweep."""

    def __init__(self, room: Room, subjects: int) -> None:
        self.room, self.subjects, self.now, self.first = room, subjects, NOW, 10**9
        self.closing: list[float] = []

    def sweep(self) -> float:
        """CPU milliseconds of one sweep after five minutes more."""
        follow(self.room, self.now, STEP, (self.first, NEW_EVENTS), self.subjects)
        self.now, self.first = self.now + STEP, self.first + NEW_EVENTS
        self.closing.append(cpu_seconds(lambda: self.room.events.close_windows(self.now)) * 1000)
        room, swept = replace(self.room, clock=FixedClock(self.now)), list[Swept]()
        spent = cpu_seconds(lambda: swept.append(sweep_one(room, KEY))) * 1000
        if swept[0].failed:
            raise RuntimeError(f"Nothing was measured: {swept[0].failed}")
        return spent


def figures(small: Watched, large: Watched, name: str, bar: float) -> list[Figure]:
    """The cost of a sweep of the large store, and over that of the small one."""
    print(f"first sweep, everything counted anew, {name}: {small.sweep():,.0f} and {large.sweep():,.0f} CPU ms")
    pairs = [(small.sweep(), large.sweep()) for _ in range(ROUNDS)]
    judged = len(QUESTIONS["verdicts"].answer(large.room, QUESTIONS["verdicts"].request(rollout=KEY)).guardrails)
    return [at_most(f"one sweep, {name}, at {EVENTS:,} events", bar, "CPU ms", [big for _, big in pairs],
                    note=f"{judged} guardrails judged; at {SMALL:,}: {median(little for little, _ in pairs):.0f}"),
            at_most(f"one sweep, {name}, at {EVENTS:,} events over {SMALL:,}", 1.2, "x",
                    [big / little for little, big in pairs])]


def main() -> int:
    """Prints the figures; 1 when a bar is missed."""
    with tempfile.TemporaryDirectory() as small_at, tempfile.TemporaryDirectory() as large_at:
        small = Watched(world(Path(small_at), SMALL, SMALL // PER_SUBJECT), SMALL // PER_SUBJECT)
        large = Watched(world(Path(large_at), EVENTS, EVENTS // PER_SUBJECT), EVENTS // PER_SUBJECT)
        found = figures(small, large, "the shipped plan", 150)
        for each in (small, large):
            go_over_to(each.room, with_guardrails(RULES))
        found += figures(small, large, f"{RULES} guardrails", 150)
        print(f"closing five minutes: {median(small.closing):.0f} and {median(large.closing):.0f} CPU ms")
        return report("One sweep from rollups over four weeks", found)


if __name__ == "__main__":
    sys.exit(main())
