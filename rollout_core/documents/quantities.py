"""Numbers with a meaning in documents: quantities, percentages of subjects, durations, deadlines."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rollout_core.documents.codec import refuse
from rollout_core.documents.findings import Findings, did_you_mean
from rollout_core.documents.located import Located
from rollout_core.errors import InvalidPercentage
from rollout_core.flags.bucketing import BUCKETS, buckets_of_percentage

_QUANTITY = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*%\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number, or a share written as `5 %` (read as 0.05)."""

    low: float = -math.inf
    high: float = math.inf

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = self._number(node.value)
        if value is None or not math.isfinite(value):
            return refuse(node, path, found, "a number", "a finite number such as 85 or 4.0, or a share such as 5 %")
        if not self.low <= value <= self.high:
            return refuse(node, path, found, "in range", f"{self.low:g} to {self.high:g}")
        return value

    def write(self, value: Any) -> object:
        return value

    @staticmethod
    def _number(value: object) -> float | None:
        if isinstance(value, str) and (share := _QUANTITY.fullmatch(value)):
            return float(Decimal(share[1]) / 100)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def as_percent(share: float) -> str:
    """A share as `5 %`, exactly: Quantity reads the same float back."""
    return f"{(Decimal(repr(share)) * 100).normalize():f} %"


@dataclass(frozen=True, slots=True)
class Percentage:
    """A percentage of subjects, 0..100, held in buckets (100,000 = 100 %)."""

    high: int = 100

    def read(self, node: Located, path: str, found: Findings) -> Any:
        value = node.value
        try:
            buckets = buckets_of_percentage(value)  # type: ignore[arg-type]
        except InvalidPercentage:
            buckets = BUCKETS + 1
        if buckets > self.high * BUCKETS // 100:
            return refuse(node, path, found, "a percentage", f"a number from 0 to {self.high}, without a sign")
        if isinstance(value, float) and abs(value * BUCKETS / 100 - buckets) > 1e-6:
            return refuse(node, path, found, "a percentage we can serve", "at most three decimals (steps of 0.001)")
        return buckets

    def write(self, value: Any) -> object:
        return value // 1000 if value % 1000 == 0 else float(Decimal(value) / 1000)


_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_SPELLINGS = {"w": "week", "d": "day", "h": "hour", "min": "minute", "s": "second",
              **{unit: unit for unit in _UNITS}, **{f"{unit}s": unit for unit in _UNITS}}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Duration:
    """A stretch of time such as `30 minutes`, `2 h`, `7 days`, `4 weeks`; `0 s` is none at all."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        written = _DURATION.fullmatch(node.value.lower()) if isinstance(node.value, str) else None
        if written is None or written[2] not in _SPELLINGS:
            hint = did_you_mean(written[2], _SPELLINGS) if written else ""
            return refuse(node, path, found, f"a duration{hint}", "a number with s, min, h, days or weeks, e.g. 48 h")
        seconds = Decimal(written[1]) * _UNITS[_SPELLINGS[written[2]]]
        if seconds > 36_525 * 86_400:
            return refuse(node, path, found, "a sensible duration", "at most 100 years")
        return timedelta(microseconds=int(seconds * 1_000_000))

    def write(self, value: Any) -> object:
        microseconds = value // timedelta(microseconds=1)
        for unit, seconds in list(_UNITS.items())[1:]:
            count, rest = divmod(microseconds, seconds * 1_000_000)
            if rest == 0 and count:
                return f"{count} {unit}{'s' if count != 1 else ''}"
        return f"{Decimal(microseconds) / 1_000_000:f} s"


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at once` (zero), `never` (None) or a duration."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if node.value == "never":
            return None
        return timedelta(0) if node.value == "at once" else Duration().read(node, path, found)

    def write(self, value: Any) -> object:
        if value is None:
            return "never"
        return Duration().write(value) if value else "at once"
