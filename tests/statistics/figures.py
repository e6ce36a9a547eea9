"""How bars are printed: the figure, its bar, met or missed, and what others do on the same runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import process_time

import numpy as np

from rollout_core.simulation.run_world import Result, draw, outcome_of, policy_of, summary
from rollout_core.simulation.worlds import World
from tests.statistics.anchors import ANCHORS, pooled

REPORTED_SEED, QUICK_SEED = 20261123, 7
"""Full runs use the first, which nothing was tuned on (that was done on 1, 5, 7 and 11); `--quick` the second."""

SEED = QUICK_SEED if "--quick" in sys.argv else REPORTED_SEED


@dataclass
class Report:
    """Collects bars and prints them as they are reached."""

    missed: list[str] = field(default_factory=list)

    def bar(self, number: str, name: str, value: float | None, limit: float, *, at_least: bool = False,
            note: str = "") -> None:
        """One figure beside its bar."""
        met = value is not None and (value >= limit if at_least else value <= limit)
        if not met:
            self.missed.append(f"{number} {name}")
        shown = "none" if value is None else f"{value:.3g}"
        state, relation = "met   " if met else "MISSED", ">=" if at_least else "<="
        print(f"{state} [{number}] {name}: {shown} ({relation} {limit:g}) {note}", flush=True)

    def show(self, text: str) -> None:
        """Something that has no bar."""
        print(f"         {text}", flush=True)


def measured(world: World, runs: int, seed: int = SEED) -> dict[str, Result]:
    """Ours and every anchor on the same runs."""
    policy = policy_of(world)
    outcomes: dict[str, list] = {name: [] for name in ("ours", *ANCHORS)}
    for number in range(runs):
        run = draw(world, number, seed)
        outcomes["ours"].append(outcome_of(run, policy))
        sums = pooled(run)
        for name, rule in ANCHORS.items():
            outcomes[name].append(rule(run, sums))
    return {name: summary(world, found, seed) for name, found in outcomes.items()}


def false_alarms(results: dict[str, Result]) -> str:
    """The anchors' false-alarm rates in one line."""
    return "; ".join(f"{name} {result.false_alarm_rate:.3f}" for name, result in results.items() if name != "ours")


def finds(results: dict[str, Result]) -> str:
    """The anchors' shares found and delays in one line."""
    return "; ".join(f"{name} {result.found_share:.2f}" + (
        f" at {result.median_delay_hours:.0f} h" if result.median_delay_hours else "") + (
        f" (early {result.false_alarm_rate:.2f})" if result.false_alarm_rate else "")
        for name, result in results.items() if name != "ours")


def n80(control: float, treatment: float) -> float:
    """Subjects per arm of the fixed one-sided 5 % test of two rates with 80 % power."""
    pool = (control + treatment) / 2
    own = control * (1 - control) + treatment * (1 - treatment)
    width = 1.644854 * np.sqrt(2 * pool * (1 - pool)) + 0.841621 * np.sqrt(own)
    return float(width**2 / (treatment - control) ** 2)


def timed(name: str, part: Callable[[Report, bool], None], report: Report, quick: bool) -> None:
    """Runs one part and prints its CPU time."""
    print(f"\n{name}", flush=True)
    began = process_time()
    part(report, quick)
    print(f"         ({process_time() - began:.0f} s CPU)", flush=True)
