"""Judging a measured number against a target. Ordinary intervals for now; sequential verdicts take this place.

A criterion is never met because today's value happens to be fine: the whole interval has to be on the right side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rollout_core.metrics.measured import Measured, Quality
from rollout_core.rollouts.gates import GateState as State
from rollout_core.rollouts.phase import Comparison


class Judge(Protocol):
    """Anything that can hold a measured number against a target."""

    name: str

    def judge(self, measured: Measured, comparison: Comparison, target: float) -> State:
        """The state of `measured <comparison> target`."""
        ...


BEYOND: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.ABOVE: lambda value, target: value > target,
    Comparison.AT_LEAST: lambda value, target: value >= target,
    Comparison.BELOW: lambda value, target: value < target,
    Comparison.AT_MOST: lambda value, target: value <= target,
}
"""The bare comparison, as the seeds write it."""

WANTS_MORE = frozenset({Comparison.ABOVE, Comparison.AT_LEAST})


class IntervalJudge:
    """Met when the whole 95 % interval holds, not met when the whole interval fails, else not yet."""

    name = "interval"

    def judge(self, measured: Measured, comparison: Comparison, target: float) -> State:
        """NO_DATA without a number, NOT_YET with too few, then by the interval's ends."""
        if measured.value is None or measured.quality in (Quality.NO_DATA, Quality.OFF, Quality.STALE):
            return State.NO_DATA
        if measured.quality is Quality.FEW or measured.low is None or measured.high is None:
            return State.NOT_YET
        holds = BEYOND[comparison]
        ends = (holds(measured.low, target), holds(measured.high, target))
        if all(ends):
            return State.MET
        return State.NOT_YET if any(ends) else State.NOT_MET


class ThresholdJudge:
    """The seeds' bare threshold: the point value decides, once there is any."""

    name = "threshold"

    def judge(self, measured: Measured, comparison: Comparison, target: float) -> State:
        """NO_DATA without a number; else MET or NOT_MET."""
        if measured.value is None or measured.quality in (Quality.NO_DATA, Quality.OFF, Quality.STALE):
            return State.NO_DATA
        return State.MET if BEYOND[comparison](measured.value, target) else State.NOT_MET


JUDGES: dict[str, Judge] = {"evidence": IntervalJudge(), "threshold": ThresholdJudge()}
"""A plan's `decide` -> who judges. The sequential judge replaces the first when the analysis is wired in."""

__all__ = ["BEYOND", "JUDGES", "WANTS_MORE", "IntervalJudge", "Judge", "State", "ThresholdJudge"]
