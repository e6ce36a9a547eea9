"""Bar 9: what is said after two days of a week about "error < 5 %" being proven by its end, and what comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import threshold
from rollout_core.analysis.forecast import Belief, Standing, chance_by
from tests.statistics.figures import SEED, Report

TARGET, MDE, PER_HOUR, NOW, END = 0.05, 0.01, 20, 48, 168
LEVEL = float(np.log(20.0))
BARRED = ("mixed 3-5.5 %, no control", "mixed 3-5.5 %", "mostly met 2-4.5 %")
"""Worlds in which the rates differ enough from run to run for the bar to be possible: where every run has one rate, who
knows it does hardly better than the base rate."""

Rates = Callable[[np.random.Generator, int], np.ndarray]


def between(low: float, high: float) -> Rates:
    """Every run has a rate of its own."""
    return lambda rng, runs: rng.uniform(low, high, runs)


def always(rate: float) -> Rates:
    """The same in every run."""
    return lambda rng, runs: np.full(runs, rate)


WORLDS: dict[str, tuple[Rates, float, int]] = {
    "mixed 3-5.5 %, no control": (between(0.03, 0.055), 0.0, 0),
    "mixed 3-5.5 %": (between(0.03, 0.055), 0.0, 9),
    "mostly met 2-4.5 %": (between(0.02, 0.045), 0.0, 9),
    "hardly met 4.5-6.5 %": (between(0.045, 0.065), 0.0, 9),
    "mixed, treatment differs by an MDE": (between(0.03, 0.055), MDE, 9),
    "3.5 %": (always(0.035), 0.0, 9),
    "4 %": (always(0.04), 0.0, 9),
    "4.5 %": (always(0.045), 0.0, 9),
}
"""Rates of control, the deviation of treatment's from it, and how many times as many subjects control has."""


class Runs(NamedTuple):
    """Runs that are open after NOW hours: treatment's and control's score and information, the true effect, and the
    hours until the proof (inf: not before the end)."""

    score: np.ndarray
    information: np.ndarray
    control: np.ndarray
    effect: np.ndarray
    hours: np.ndarray


def drawn(rng: np.random.Generator, runs: int, world: tuple[Rates, float, int]) -> Runs:
    """Runs of a world, counted hour by hour and judged by the exact test."""
    rates, change, times = world
    usual = rates(rng, runs)
    own = np.clip(usual + change * rng.normal(size=runs), 0.002, 0.5)
    n = rng.poisson(PER_HOUR, (runs, END))
    x, n = np.cumsum(rng.binomial(n, own[:, None]), axis=1), np.cumsum(n, axis=1)
    beside = rng.poisson(PER_HOUR * NOW * times, runs)
    bad = rng.binomial(beside, usual)
    proven = threshold.log_e_below(x, n, TARGET, MDE) >= LEVEL
    open_still = ~proven[:, :NOW].any(axis=1)
    hours = np.where(proven.any(axis=1), np.argmax(proven, axis=1) + 1.0 - NOW, np.inf)
    unit = TARGET * (1.0 - TARGET)
    found = Runs((TARGET * n[:, NOW - 1] - x[:, NOW - 1]) / unit, n[:, NOW - 1] / unit,
                 np.stack((TARGET * beside - bad, beside), axis=1) / unit, TARGET - own, hours)
    return Runs(*(column[open_still] for column in found))


def said(runs: Runs) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Per run: the chance of a proof by the end; that of one who knows the rate; the 80 % interval's ends (hours)."""
    steps = np.arange(1, 41) / 40
    found = []
    for score, information, control, effect in zip(*runs[:4], strict=True):
        further = information * (END - NOW) / NOW * steps
        now = Standing(score, information, MDE, LEVEL, tuple(control))
        chances, knowing = chance_by(now, further), chance_by(now, further, [Belief(1.0, effect, 1e8)])
        low, high = (float(steps[np.argmax(chances >= p)]) * (END - NOW) if chances[-1] >= p else np.inf
                     for p in (0.1, 0.9))
        found.append((chances[-1], knowing[-1], low - (END - NOW) / 40 if low < np.inf else END - NOW, high))
    chance, knowing, low, high = (np.array(column) for column in zip(*found, strict=True))
    return chance, knowing, low, high


def forecasts(report: Report, quick: bool) -> None:
    """Squared error against the base rate's, in each world by itself, and how often the 80 % interval holds the time
    of the proof (or says that none comes)."""
    runs, covered = 200 if quick else 1500, []
    for name, world in WORLDS.items():
        found = drawn(np.random.default_rng([SEED, 9]), runs, world)
        chance, knowing, low, high = said(found)
        came = np.isfinite(found.hours)
        brier, base, floor = (float(np.mean((value - came) ** 2)) for value in (chance, came.mean(), knowing))
        naive = float(np.mean(((found.score > 0) - 1.0 * came) ** 2))
        covered.append(float(np.mean((found.hours >= low) & (found.hours <= high))))
        note = (f"Brier {brier:.3f}, base rate {base:.3f}, knowing the rate {floor:.3f}, met-now-so-yes {naive:.3f}; "
                f"said {chance.mean():.2f}, came {came.mean():.2f}; 80 % interval holds {covered[-1]:.2f}")
        if name in BARRED:
            report.bar("9", f"Brier / that of the base rate, {name}", brier / base, 0.6, note=note)
        else:
            report.show(f"{name}: {note}")
    report.bar("9", "80 % interval of the decision time holds it, worst world", min(covered), 0.8, at_least=True)
