"""Reference quantiles, frozen before the data they are applied to, and what a relative change of them means as a share.

A percentile is compared by how often a fixed value is exceeded (`exceedance.py`): the value, and the rise of the share
above it that a relative rise of the percentile brings about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.analysis.exceedance import LogHistogram, exceedance_mde

FEWEST = 200
"""Values needed before a reference is frozen: below, its own error would be most of the answer."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The quantile `q` of a store metric (`metric`: accumulation key) before the rollout, in its smallest unit.

    It was fixed from values before `applies_from_at` and is applied to values from then on. `rises`: relative rise in
    per mille -> rise of the share above the reference (10 % is 100).
    """

    metric: str
    q: float
    value: int
    n: int
    applies_from_at: datetime
    rises: dict[int, float]

    def rise(self, relative: float) -> float:
        """The rise of the share that a relative rise of the quantile means, interpolated."""
        wanted = relative * 1000.0
        known = sorted(self.rises)
        below = max((k for k in known if k <= wanted), default=known[0])
        above = min((k for k in known if k >= wanted), default=known[-1])
        if above == below:
            return self.rises[below]
        part = (wanted - below) / (above - below)
        return self.rises[below] + part * (self.rises[above] - self.rises[below])


RISES = (10, 25, 50, 75, 100, 150, 200, 300, 500)


def freeze(metric: str, q: float, histogram: LogHistogram, applies_from_at: datetime) -> Reference | None:
    """The reference from a histogram of earlier values; None while there are too few."""
    if histogram.n < FEWEST:
        return None
    rises = {per_mille: exceedance_mde(histogram, q, per_mille / 1000.0) for per_mille in RISES}
    return Reference(metric, q, max(round(histogram.quantile(q)), 0), histogram.n, applies_from_at, rises)
