"""What was counted: the sufficient statistics a sweep hands to `judge`. Integers in tuples; nothing is estimated here.

A stratum is (epoch, inclusion probability), only probabilities strictly between 0 and 100 %: an audience taken whole
has no control. Epochs are ordinals within the evidence version (1, 2, …). Rows are hours in time order. Counts are
unweighted, from closed windows, of outcomes at a fixed age.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = 100_000
"""Buckets of a whole population."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Subjects that entered treatment with the same chance in the same epoch; `inclusion` in buckets of 100,000."""

    epoch: int
    inclusion: int

    @property
    def share(self) -> float:
        """The chance of being in treatment, 0..1."""
        return self.inclusion / WHOLE

    @property
    def smaller_share(self) -> float:
        """The smaller arm's share, 0..0.5."""
        return min(self.share, 1.0 - self.share)


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """One yes/no outcome per subject: per row (hour and stratum) the outcomes `x` and the subjects `n` of each arm.

    `stratum` indexes the metric's strata; `hour` counts from anywhere, but never falls from row to row.
    """

    stratum: tuple[int, ...]
    hour: tuple[int, ...]
    x_treatment: tuple[int, ...]
    n_treatment: tuple[int, ...]
    x_control: tuple[int, ...]
    n_control: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FirstEvents:
    """First events: per row the subjects that had theirs, and those that could still have it when it began."""

    stratum: tuple[int, ...]
    hour: tuple[int, ...]
    events_treatment: tuple[int, ...]
    events_control: tuple[int, ...]
    at_risk_treatment: tuple[int, ...]
    at_risk_control: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums per stratum (outer) and cluster bucket (inner): denominators `d` and numerators `x` of each arm.

    Buckets are the 128 of the cluster hash, or the units themselves when there are fewer than 128.
    """

    d_treatment: tuple[tuple[int, ...], ...]
    x_treatment: tuple[tuple[int, ...], ...]
    d_control: tuple[tuple[int, ...], ...]
    x_control: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """One arm in one epoch, for tests against a fixed value. Which fields are filled decides the test:

    `x`, `n`: yes/no outcomes, one per subject; `d_buckets`, `x_buckets`: correlated events by cluster bucket;
    `rating_counts`: answers per score of the metric's scale.
    """

    epoch: int
    x: int = 0
    n: int = 0
    d_buckets: tuple[int, ...] = ()
    x_buckets: tuple[int, ...] = ()
    rating_counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricEvidence:
    """Everything counted about one metric. A field that is None was not counted, which is not the same as zero.

    `blocks` and `firsts` count each subject once since the version began, `…_in_epoch` once per epoch. Only `blocks`:
    its rows serve both, right for outcomes that exist once per subject. Only `blocks_in_epoch`: the first epoch's rows
    are the evidence since the start. `before` are the sums of the days before
    the rollout, by the arm a unit has in the stratum. `recent` are the sums, `recent_treatment` treatment's totals by
    epoch, of the days since the evidence's `recent_hour`. `x_unit` turns integer numerators into the metric's unit.
    `treatment_per_hour` is the present inflow of treated subjects (`blocks`, ratings) or denominators (`sums`).
    `unnamed`: errors came without the session they happened in, so sums of sessions are left out; first errors stand.
    """

    metric: str
    strata: tuple[Stratum, ...] = ()
    blocks: PairedCounts | None = None
    blocks_in_epoch: PairedCounts | None = None
    firsts: FirstEvents | None = None
    firsts_in_epoch: FirstEvents | None = None
    sums: ClusterSums | None = None
    before: ClusterSums | None = None
    treatment: tuple[ArmTotals, ...] = ()
    control: tuple[ArmTotals, ...] = ()
    baseline: float | None = None
    x_unit: float = 1.0
    scores: tuple[float, ...] = ()
    treatment_per_hour: float | None = None
    recent: ClusterSums | None = None
    recent_treatment: tuple[ArmTotals, ...] = ()
    unnamed: bool = False

    @property
    def why_not(self) -> str:
        """The reason of a verdict that finds nothing counted."""
        return "unnamed_errors" if self.unnamed else "not_counted"


@dataclass(frozen=True, slots=True)
class Exposures:
    """Newly exposed subjects per row (hour and stratum) and arm; `inclusion` is the configured share in buckets."""

    new_treatment: tuple[int, ...] = ()
    new_control: tuple[int, ...] = ()
    inclusion: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one sweep knows of one rollout version.

    `epoch` is the current ordinal. `restart_epoch` > 1: a reduction opened that epoch, and evidence from before it no
    longer counts towards the next rung. `recent_day` > 1: what happened since the midnight that began the
    recent_day-th day of the version (rows: since `recent_hour`) was counted on its own; 0: it was not.
    """

    epoch: int
    exposures: Exposures = Exposures()
    metrics: tuple[MetricEvidence, ...] = ()
    restart_epoch: int = 1
    recent_day: int = 0
    recent_hour: int = 0

    def of(self, metric: str) -> MetricEvidence | None:
        """What was counted of this metric, or None."""
        return next((entry for entry in self.metrics if entry.metric == metric), None)

    def why_not(self, metric: str) -> str:
        """The reason of a verdict that finds nothing counted of this metric."""
        found = self.of(metric)
        return "not_counted" if found is None else found.why_not
