"""How long raw events are kept: the days by kind, what they may be set to, and where the choice lies. Pure.

Rollups (hourly and daily sums) are always kept: charts and verdicts of the past stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from rollout_core.metrics.event import Kind
from rollout_core.ports.control_store import Meta

META = "keep_days"
"""Name of the choice among the control store's single values: a JSON object of days by kind."""

DEFAULT_KEEP_DAYS: Mapping[str, int] = {
    **{kind.value: 400 for kind in Kind}, "page_view": 180, "web_vital": 180, "api_request": 180, "render": 180,
    "text": 90, "dead_letter": 30, "batch_token": 400, "subject_day": 800,
}
"""Days that raw events are kept per kind; `text` is comments and error texts, which go first; `subject_day` what is
known of single subjects per day, which open rollouts and their baselines read."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest and most days."""

    least: int
    most: int


BOUNDS: Mapping[str, Bounds] = {
    **{kind.value: Bounds(90, 3_650) for kind in Kind}, "text": Bounds(1, 3_650), "dead_letter": Bounds(1, 365),
    "subject_day": Bounds(90, 3_650),
}
"""What may be chosen. A rollout and its baseline read 90 days of events and of single subjects; texts and refused
events may go the next day. What is not here cannot be changed."""


def keep_days(meta: Meta) -> dict[str, int]:
    """The days in force by kind: what was chosen, else the default."""
    chosen = msgspec.json.decode(meta.get(META) or "{}", type=dict[str, int])
    return {**DEFAULT_KEEP_DAYS, **{kind: days for kind, days in chosen.items() if kind in DEFAULT_KEEP_DAYS}}


def choose(meta: Meta, kind: str, days: int) -> None:
    """Keeps a choice that is within BOUNDS."""
    chosen = msgspec.json.decode(meta.get(META) or "{}", type=dict[str, int])
    meta.set(META, msgspec.json.encode({**chosen, kind: days}).decode())
