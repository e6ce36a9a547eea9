"""What to do, in words tied to what was measured (the seeds' troubleshooting lists)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`topic`: features_not_seen | performance | errors | adoption | issues | data | share | advance | keep."""

    topic: str
    severity: str
    title: str
    because: str
    steps: tuple[str, ...]
