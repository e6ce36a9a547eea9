"""How a metric is computed from what the store counts: closed forms, so that a table can hold them.

Store metrics are the keys of `storage/accumulations.py`: n is how many, s the sum in the smallest unit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proportion:
    """s / n of one store metric, whose values are 0 and 1 (`complement`: 1 - s / n)."""

    metric: str
    complement: bool = False


@dataclass(frozen=True, slots=True)
class Mean:
    """s / n of one store metric, divided by how many smallest units make one."""

    metric: str
    per: int


@dataclass(frozen=True, slots=True)
class PerActive:
    """n (or s, divided by `per`) of one store metric over active subject-days: a rate that does not grow with time."""

    metric: str
    per: int = 0


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of one store metric's log histogram, divided by how many smallest units make one."""

    metric: str
    share: float
    per: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """Subjects with a use within the plan's age of their first exposure ÷ subjects exposed at least that long ago.

    `floor`: the short age of the pause and alert rules. `tag`: only flags with this tag.
    """

    floor: bool = False
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Stickiness:
    """Adopters active again on a later day of the next 7 ÷ adopters."""


@dataclass(frozen=True, slots=True)
class CrossFeature:
    """Adopters of at least 2 flags ÷ adopters."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """Minutes of use per adopter and active day."""


@dataclass(frozen=True, slots=True)
class WeeklyGrowth:
    """Uses of the last 7 full days over the 7 before, minus 1. `tag`: only flags with this tag."""

    tag: str | None = None


@dataclass(frozen=True, slots=True)
class RetentionOn:
    """Active on day `day` after the first one ÷ those whose day is over; `within`: on any day up to it."""

    day: int
    within: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Treatment over concurrent control, minus 1, of another metric; without a control: over the baseline window."""

    of: str


@dataclass(frozen=True, slots=True)
class WorstChange:
    """The worst (largest) of several changes."""

    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Mean of feedback scores, brought to the scale 1..5."""


@dataclass(frozen=True, slots=True)
class PromoterScore:
    """Share of 9-10 minus share of 0-6, times 100, on the scale 0..10."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Good answers (requests that did not fail, health checks that passed) ÷ all of them."""


@dataclass(frozen=True, slots=True)
class TelemetryRatio:
    """Sessions and page views per exposed subject in treatment over control, minus 1."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """Read from the control store, not from events: `what` names it."""

    what: str


Formula = (Proportion | Mean | PerActive | Percentile | Adoption | Stickiness | CrossFeature | Engagement | WeeklyGrowth
           | RetentionOn | Change | WorstChange | Satisfaction | PromoterScore | Availability | TelemetryRatio
           | Procedure)
