"""Where evidence that falls step by step meets the level it needs: bounds of intervals are found so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite


def last_reaching(surplus: Callable[[int], float], steps: int, near: Iterable[int] = ()) -> int:
    """The last of the steps 0..`steps` that reaches the level, whose `surplus` is not negative.

    The surplus falls from step to step, 0 is taken to reach the level (not asked) and `steps` not to; 0 when no other
    does. Steps `near` are tried first, then where the line between the ends meets the level (Illinois: an end that
    stays counts half).
    """
    last, beyond, high, low, stayed, guesses = 0, steps, float("inf"), float("-inf"), 0, list(near)
    while beyond - last > 1:
        step = min(max(guesses.pop(0) if guesses else _met(last, beyond, high, low), last + 1), beyond - 1)
        found = surplus(step)
        if found >= 0.0:
            last, high, low, stayed = step, found, low / 2.0 if stayed > 0 else low, 1
        else:
            beyond, low, high, stayed = step, found, high / 2.0 if stayed < 0 else high, -1
    return last


def _met(last: int, beyond: int, high: float, low: float) -> int:
    """Where the line from `high` at `last` to `low` at `beyond` is 0; the middle while an end is not known."""
    if not isfinite(high - low):
        return (last + beyond) // 2
    return last + round((beyond - last) * high / (high - low))
