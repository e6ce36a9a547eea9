"""Bars 1 to 5: false alarms in harmless worlds, speed and share found in harmful ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rollout_core.analysis import budget
from rollout_core.simulation.run_world import draw, harm_path, outcome, policy_of, simulate
from rollout_core.simulation.world_documents import world_named
from rollout_core.simulation.worlds import Harm, Population, Step, World
from tests.statistics.figures import SEED, Report, false_alarms, finds, measured, n80

NULL_WORLDS = ("low-traffic", "high-traffic", "ramp-10-90", "ramp-1-99", "drift", "incident", "clustered",
               "workspaces-200", "p75-icc", "all-in-one-drift", "audiences")


def harmless_worlds(report: Report, quick: bool) -> None:
    """Bar 1: hourly looks for four weeks, nothing wrong."""
    for name in NULL_WORLDS:
        results = measured(world_named(name), 60 if quick else 1000)
        report.bar("1", f"false alarms, {name}", results["ours"].false_alarm_rate, 0.05, note=false_alarms(results))


def four_guardrails(report: Report, quick: bool) -> None:
    """Bar 1 for a version with four guardrails: any of them."""
    world = replace(world_named("drift"), guardrails=4)
    policy = policy_of(world)
    needed = budget.log_e_needed(policy.acting_weights(), "measured")
    runs = 30 if quick else 500
    alarms = [any((harm_path(draw(world, number, SEED, copy), policy.guardrails[0]) >= needed).any()
                  for copy in range(4)) for number in range(runs)]
    report.bar("1", "false alarms of any of 4 guardrails, drift", float(np.mean(alarms)), 0.05)


def fresh(name: str, rate: float, per_hour: float, factor: float, mde: float) -> World:
    """Half treated from the first hour on."""
    return World(name=name, summary="", kind="fresh", populations=(Population(rate=rate, per_hour=per_hour),),
                 ramp=(Step(hour=0, percent=50),), mde=mde, harm=Harm(kind="multiply", factor=factor))


def speed(report: Report, quick: bool) -> None:
    """Bar 2: treated subjects until the pause, in those of the fixed test at 80 % power."""
    cases = [("1 -> 2 % at the MDE", fresh("speed-1-2", 0.01, 100, 2.0, 0.01), 1.25),
             ("2 -> 5 % at 1.5 MDE", fresh("speed-2-5", 0.02, 20, 2.5, 0.02), 1.4),
             ("1 -> 1.2 % at 0.4 MDE", fresh("speed-1-1.2", 0.01, 1000, 1.2, 0.005), 1.4),
             ("1 -> 5 % at 4 MDE", fresh("speed-1-5", 0.01, 10, 5.0, 0.01), 1.4),
             ("18 -> 20 % at the MDE", fresh("speed-18-20", 0.18, 100, 20 / 18, 0.02), 1.25)]
    for name, world, limit in cases:
        outcomes = [outcome(world, number, SEED) for number in range(40 if quick else 500)]
        treated = np.array([o.treated_at_pause if o.pause_hour is not None else np.inf for o in outcomes])
        ratio = treated / n80(world.rate, world.rate * world.harm.factor)
        report.bar("2", f"median sample / n80, {name}", float(np.median(ratio)), limit)
        report.bar("2", f"90 % quantile / n80, {name}", float(np.quantile(ratio, 0.9)), 3.0)


def workspaces(report: Report, quick: bool) -> None:
    """Bar 3: 200 workspaces, a quarter treated, 2 -> 5 %."""
    runs = 40 if quick else 500
    results = measured(world_named("workspaces-200-harm"), runs)
    report.bar("3", "200 workspaces, found in 4 weeks", results["ours"].found_share, 0.70, at_least=True,
               note=f"median {results['ours'].median_delay_hours:.0f} h; {finds(results)}")
    for name in ("workspaces-200-multiplied", "workspaces-200-history"):
        results = measured(world_named(name), runs)
        report.show(f"harder definition {name}: found {results['ours'].found_share:.2f}; {finds(results)}")


def page_loads(report: Report, quick: bool) -> None:
    """Bar 4: LCP p75 +10 %, ICC 0.4, 800 known subjects."""
    results = measured(world_named("p75-icc-harm"), 30 if quick else 400)
    report.bar("4", "LCP p75 +10 %, median hours", results["ours"].median_delay_hours, 36,
               note=f"found {results['ours'].found_share:.2f}; {finds(results)}")


def later_harm(report: Report, quick: bool) -> None:
    """Bar 5: harm of 2 MDE that begins in the third phase, in I80 (treated n80 at 50 per hour)."""
    results = measured(world_named("late-harm"), 60 if quick else 1000)
    i80_hours = 6.18256 * (0.02 * 0.98 + 0.04 * 0.96) / 0.02**2 / 50
    report.bar("5", "late harm, median delay / I80", results["ours"].median_delay_hours / i80_hours, 2.1,
               note=f"found {results['ours'].found_share:.2f}; {finds(results)}")


def all_in_one(report: Report, quick: bool) -> None:
    """No bar of its own: everything at once, harm from the start and from week 3."""
    for name in ("all-in-one-harm", "all-in-one-late-harm", "clustered-harm"):
        results = measured(world_named(name), 20 if quick else 200)
        ours = results["ours"]
        report.show(f"{name}: found {ours.found_share:.2f} at {ours.median_delay_hours:.0f} h, early "
                    f"{ours.false_alarm_rate:.3f}; {finds(results)}")
    tiny = simulate(world_named("phase-0.1"), 40 if quick else 300, SEED)
    report.show(f"phase-0.1 (400 newcomers an hour, 4 weeks): found {tiny.found_share:.2f}")
