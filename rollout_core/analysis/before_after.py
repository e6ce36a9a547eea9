"""A series without sizes and without a control: is what comes now unlike what came before? Alerts, never acts. Pure.

Each value is ranked among the quiet values before it: p = (1 + how many were at least as high)/(1 + how many), turned
into a bet e = ½·p^(−½) (Vovk & Wang 2021: calibrators), and bets are multiplied up from wherever that is most (an
e-CUSUM: Shin, Ramdas, Rinaldo 2023). It alerts at 1,000: were values exchangeable, less than one false alert in 1,000
values. They are not: seasons and trends come too, so an alert is a question to a person and no proof.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PAST = 336
"""Quiet values that a new one is held against: two weeks of hours."""

FEWEST = 48
POWER = 0.5
LEVEL = 1_000.0
CALM = 6
"""So many ordinary values in a row end an alert."""

ORDINARY, STRANGE = 0.1, 0.01
"""Ranks above the first calm an alert; values ranked below the second do not join the quiet ones."""

LONGEST = 168
"""An alert that lasts longer is the new normal: its values join the quiet ones."""


@dataclass(frozen=True, slots=True)
class Alerted:
    """Places of the first and the last value of an alert."""

    first: int
    last: int


def alerts(values: Sequence[float]) -> tuple[Alerted, ...]:
    """The stretches in which the series is unlike its past, higher being worse."""
    past, found, bets, calm = _Past(), list[Alerted](), 0.0, 0
    is_open = False
    for place, value in enumerate(values):
        if past.count < FEWEST:
            past.add(value)
            continue
        rank = past.rank(value)
        bets = max(bets, 0.0) + float(np.log(POWER) + (POWER - 1.0) * np.log(rank))
        if is_open:
            found[-1] = Alerted(found[-1].first, place)
            calm = calm + 1 if rank > ORDINARY else 0
            if calm >= CALM:
                is_open, bets = False, 0.0
        elif bets >= np.log(LEVEL):
            is_open, calm = True, 0
            found.append(Alerted(place, place))
        if (not is_open and rank > STRANGE) or (is_open and place - found[-1].first > LONGEST):
            past.add(value)
    return tuple(found)


class _Past:
    """The last quiet values, in the order of time and of size."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._sizes: list[float] = []

    @property
    def count(self) -> int:
        return len(self._sizes)

    def add(self, value: float) -> None:
        self._times.append(value)
        insort(self._sizes, value)
        if len(self._times) > PAST:
            self._sizes.pop(bisect_left(self._sizes, self._times.popleft()))

    def rank(self, value: float) -> float:
        """p of "as high as this or higher"."""
        return (1 + len(self._sizes) - bisect_left(self._sizes, value)) / (1 + len(self._sizes))
