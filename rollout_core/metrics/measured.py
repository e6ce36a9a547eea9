"""A measured number as people and machines get it: value, interval, n, window, arm; or honestly no data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Quality(StrEnum):
    """How much a number may be trusted for display. NO_DATA is neither zero nor fine."""

    OK = "ok"
    FEW = "few"                # fewer than the metric's minimum sample
    STALE = "stale"            # the newest data is older than the plan allows
    NO_DATA = "no_data"
    OFF = "off"                # collection was switched off


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time [since_at, until_at), UTC."""

    since_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Alike:
    """Both arms of a comparison like with like: only those who could have been in either arm, over the same mix of
    strata. The values are in `unit`, that of the metric compared; the counts are of its noun."""

    treatment: float
    control: float
    treatment_n: int
    control_n: int
    unit: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric in one window and arm (`arm` None: everybody who is attributed).

    `value`, `low`, `high` are in the metric's unit (shares 0..1, ms, score); the interval is the ordinary 95 % one, for
    display. `n` counts `noun` (requests, sessions, people, page views, answers). `alike`: of a comparison of the arms,
    the two values it is the difference of; they are not the arms' numbers of everybody.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    noun: str
    window: Window
    arm: str | None
    unit: str
    quality: Quality
    note: str = ""
    causal: bool = True
    alike: Alike | None = None


def share_digits(share: float) -> int:
    """Decimals of a share in percent: one more where it is near 0 or 1, and as many (4 at most) as keep what is not 1
    from being told as 100%."""
    digits = 2 if abs(share) < 0.1 or 0.99 <= share < 1 else 1
    while digits < MOST_DIGITS and share < 1 and round(share * 100, digits) >= 100:
        digits += 1
    return digits


MOST_DIGITS = 4


def counted(n: int, noun: str) -> str:
    """A count with its noun: "1,200 requests", "1 request", "1 person"."""
    return f"{n:,} {noun}" if n != 1 else f"1 {'person' if noun == 'people' else noun.removesuffix('s')}"
