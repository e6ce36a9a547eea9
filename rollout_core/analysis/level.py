"""One arm's own value against a fixed number: the test that fits what was counted, in either direction.

Yes/no outcomes, one per subject: truncated beta (exact). Scores: betting (exact). Correlated events: residuals at the
threshold by cluster bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import clustered, mixture, ratings, threshold
from rollout_core.analysis.clustered import ArmSums
from rollout_core.analysis.evidence import ArmTotals, MetricEvidence
from rollout_core.analysis.numbers import floats
from rollout_core.analysis.policy import Direction

INTERVAL_ALPHA = 0.05
UNBOUNDED = (float("nan"), float("nan"))


class Level(NamedTuple):
    """`estimate` with bounds, log e for "above" and "below" the number, score and information of the distance above.

    `n`: subjects, answers or denominators. `kernel`: beta | betting | clustered | none. `ready` False: too few or none.
    """

    estimate: float
    lower: float
    upper: float
    log_e_above: float
    log_e_below: float
    score: float
    information: float
    n: int
    kernel: str
    ready: bool

    def log_e(self, direction: Direction) -> float:
        """Evidence for the value lying on that side."""
        return self.log_e_above if direction is Direction.HIGHER else self.log_e_below


NOTHING = Level(np.nan, np.nan, np.nan, 0.0, 0.0, 0.0, 0.0, 0, "none", ready=False)


def pooled(totals: Sequence[ArmTotals], epoch: int | None = None) -> ArmTotals:
    """One arm's totals over all epochs, or of one."""
    chosen = [entry for entry in totals if epoch in (None, entry.epoch)]
    return ArmTotals(
        epoch=epoch or 0, x=sum(entry.x for entry in chosen), n=sum(entry.n for entry in chosen),
        d_buckets=_added([entry.d_buckets for entry in chosen]),
        x_buckets=_added([entry.x_buckets for entry in chosen]),
        rating_counts=_added([entry.rating_counts for entry in chosen]))


def _added(rows: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    filled = [row for row in rows if row]
    return filled[0] if len(filled) == 1 else tuple(map(sum, zip(*filled, strict=True)))


def measure(metric: MetricEvidence, arm: ArmTotals, value: float, mde: float, *, bounds: bool = True) -> Level:
    """Tests one arm's totals against `value`; `mde` is the distance worth finding. `bounds` False saves their time."""
    if sum(arm.rating_counts) > 0:
        return _ratings(metric.scores, arm.rating_counts, value, bounds)
    if arm.n > 0:
        return _rate((arm.x, arm.n), value, mde, bounds)
    if sum(arm.d_buckets) > 0:
        sums = ArmSums(floats(arm.d_buckets), floats(arm.x_buckets) * metric.x_unit)
        return _clustered(sums, value, mde)
    return NOTHING


def _rate(counts: tuple[int, int], value: float, mde: float, bounds: bool) -> Level:
    x, n = counts
    lower, upper = threshold.rate_interval(x, n, mde, INTERVAL_ALPHA) if bounds else UNBOUNDED
    information = n / max(value * (1.0 - value), 1e-12)
    return Level(x / n, lower, upper, float(threshold.log_e_above(x, n, value, mde)),
                 float(threshold.log_e_below(x, n, value, mde)), (x / n - value) * information, information, n,
                 "beta", ready=True)


def _ratings(scores: Sequence[float], counts: tuple[int, ...], value: float, bounds: bool) -> Level:
    answers, n = floats(counts), sum(counts)
    mean = float(answers @ floats(scores) / n)
    variance = float(answers @ (floats(scores) - value) ** 2 / n)
    lower, upper = ratings.mean_interval(answers, scores, INTERVAL_ALPHA) if bounds else UNBOUNDED
    information = n / max(variance, 1e-9)
    return Level(mean, lower, upper, float(ratings.log_e_above(answers, scores, value)),
                 float(ratings.log_e_below(answers, scores, value)), (mean - value) * information, information, n,
                 "betting", ready=True)


def _clustered(sums: ArmSums, value: float, mde: float) -> Level:
    found = clustered.one_sample(sums, value)
    n, seen, ready = int(sums.d.sum()), float(found.treatment_rate), bool(found.ready)
    if not ready:
        return Level(seen, np.nan, np.nan, 0.0, 0.0, 0.0, 0.0, n, "clustered", ready=False)
    score, information = float(found.score), float(found.information)
    width = float(mixture.half_width(found.error, mde, INTERVAL_ALPHA))
    return Level(seen, seen - width, seen + width, float(mixture.log_e(score, information, mde)),
                 float(mixture.log_e(-score, information, mde)), score, information, n, "clustered", ready=True)
