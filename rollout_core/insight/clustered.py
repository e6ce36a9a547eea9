"""Sums by cluster bucket of closed windows, and what is made of them: the same at every look, so it is made once."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.metrics.aggregates import ClusterSums, merged_clusters
from rollout_core.metrics.interval import share_design_effect
from rollout_core.ports.event_questions import Rows

Arms = frozenset[str]


class Clustered:
    """One store metric's sums by arm and bucket. What was made of them is kept as long as they are, for any thread."""

    def __init__(self, by_arm: Mapping[str, Mapping[int, ClusterSums]]) -> None:
        self._by_arm = by_arm
        self._sums: dict[Arms, Mapping[int, ClusterSums]] = {}
        self._effects: dict[Arms, float] = {}

    def sums(self, arms: Arms) -> Mapping[int, ClusterSums]:
        """Bucket -> sums of these arms together, not to be written to."""
        known = self._sums.get(arms)
        if known is None:
            known = self._sums[arms] = merged_clusters(sums for arm, sums in self._by_arm.items() if arm in arms)
        return known

    def share_effect(self, arms: Arms) -> float:
        """The design effect of a share in these arms together."""
        known = self._effects.get(arms)
        if known is None:
            known = self._effects[arms] = share_design_effect(self.sums(arms))
        return known


NOT_KEPT = Clustered({})
"""Of a metric that has no sums by bucket."""


def clustered(rows: Rows) -> dict[str, Clustered]:
    """By metric, of a Buckets answer, its strata added up; some ten thousand rows."""
    found: dict[str, dict[str, dict[int, tuple[int, int]]]] = {}
    for metric, arm, bucket, d, x in rows.picked("metric", "arm", "bucket", "d", "x"):
        counted = found.setdefault(metric, {}).setdefault(arm, {})
        before = counted.get(bucket)
        counted[bucket] = (d, x) if before is None else (before[0] + d, before[1] + x)
    return {metric: Clustered({arm: {bucket: ClusterSums(int(d), int(x)) for bucket, (d, x) in counted.items()}
                               for arm, counted in by_arm.items()}) for metric, by_arm in found.items()}
