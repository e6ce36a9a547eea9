"""Figures beside their bars, and the yardsticks they are measured with: CPU time, several rounds, the median."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `at_least` True: it must reach the bar; else it must not exceed it."""

    name: str
    value: float
    bar: float
    unit: str
    at_least: bool
    spread: tuple[float, float]
    note: str = ""

    @property
    def met(self) -> bool:
        """True when the bar is met."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        low, high = self.spread
        relation = ">=" if self.at_least else "<="
        return (f"{'met   ' if self.met else 'MISSED'}  {self.name}: {self.value:.3g} {self.unit} "
                f"(bar {relation} {self.bar:g}; rounds {low:.3g} to {high:.3g})  {self.note}").rstrip()


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one run of `work`, the garbage collector held off."""
    gc.collect()
    gc.disable()
    try:
        began = process_time()
        work()
        return process_time() - began
    finally:
        gc.enable()


def ratio(name: str, bar: float, yardstick: Callable[[], object], work: Callable[[], object], *,
          rounds: int = 9, note: str = "") -> Figure:
    """How fast `work` is against the yardstick (1 = as fast), measured in turns; must reach the bar."""
    yardstick(), work()
    values = [cpu_seconds(yardstick) / cpu_seconds(work) for _ in range(rounds)]
    return Figure(name, median(values), bar, "x", True, (min(values), max(values)), note)


def at_most(name: str, bar: float, unit: str, values: list[float], note: str = "") -> Figure:
    """The median of measured values, which must not exceed the bar."""
    return Figure(name, median(values), bar, unit, False, (min(values), max(values)), note)


def report(title: str, figures: list[Figure]) -> int:
    """Prints the figures. Returns 1 when one missed its bar, for the process to exit with."""
    print(title)
    for figure in figures:
        print(f"  {figure}")
    sys.stdout.flush()
    return 0 if all(figure.met for figure in figures) else 1
