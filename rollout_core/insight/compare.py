"""Two sides of one metric: arms, periods, phases, segments or plans. What is asked and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.formula import Change, Procedure, TelemetryRatio, WeeklyGrowth, WorstChange
from rollout_core.metrics.measured import Measured, Window

ACROSS = ("arms", "periods", "phases", "segments", "plans")
NOT_COMPARED = (Change, WorstChange, TelemetryRatio, Procedure, WeeklyGrowth)
"""Formulas that are comparisons themselves, or that no event is counted for."""


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """One `metric` of the catalogue, `across` arms | periods | phases | segments | plans.

    `first` and `second` name the sides: phases by key, segments as "device:phone", plans by their rollout's key; empty:
    the obvious two (the present phase and the one before, the two largest segments). Periods are the window and
    [then_since_at, then_until_at), without those the equally long stretch before it. `arm` (treatment | control |
    everybody) is whose numbers both sides are, unless arms are compared. `by` divides every side: page, device,
    release, endpoint, name, flag, audience or attribute.NAME; empty: not divided. Segments are the parts of `by`
    (empty: of the first there is). Window as in MetricsRequest.
    """

    metric: str = "error_rate"
    rollout: str | None = None
    across: str = "arms"
    first: str = ""
    second: str = ""
    arm: str = "treatment"
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    then_since_at: datetime | None = None
    then_until_at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what it is called, which choice it stands for, and its number."""

    key: str
    label: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one part. `difference` is first minus second in the metric's unit, `change` first / second - 1; no
    data where one side has none. `name` is what people call the part."""

    key: str
    first: Measured
    second: Measured
    difference: Measured
    change: Measured
    name: str = ""


@dataclass(frozen=True, slots=True)
class CompareAnswer:
    """`difference`: first minus second in the metric's unit; `change`: relative. Only arms are compared like with like
    (`causal`), within strata of chance; every other difference may have other causes.

    `segments` and `divisions` are what may be chosen for this metric. `parts`: the most frequent first.
    """

    rollout: str
    metric: str
    name: str
    unit: str
    direction: str
    across: str
    first: Side
    second: Side
    difference: Measured
    change: Measured
    causal: bool
    words: str
    parts: tuple[Pair, ...]
    divisions: tuple[str, ...]
    segments: tuple[str, ...]
    windows: tuple[Window, Window]
    note: str
    computed_at: datetime
