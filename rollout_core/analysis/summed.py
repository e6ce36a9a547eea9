"""What sums by cluster bucket say of many guardrails at once: the clustered estimate of each of their scopes.

Guardrails whose sums have equally many strata and buckets are reckoned as one array; most of a version's have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import clustered
from rollout_core.analysis.choose import SMALLEST_SHARE, Kernel
from rollout_core.analysis.clustered import ArmSums, Estimate
from rollout_core.analysis.evidence import ClusterSums, MetricEvidence, Stratum
from rollout_core.analysis.numbers import Floats, Numbers, floats, integer_rows
from rollout_core.analysis.policy import DifferenceGuardrail, Direction

Kernels = Mapping[int | None, Kernel]
"""Which kernel speaks in each scope: None is the whole version, a number one epoch alone."""

Pair = tuple[ArmSums, ArmSums]


class Asked(NamedTuple):
    """What one guardrail asks of sums (its metric's own, or those of its last days) in the scopes of `kernels`."""

    rule: DifferenceGuardrail
    metric: MetricEvidence
    sums: ClusterSums | None
    kernels: Kernels


def estimates(asked: Sequence[Asked], scopes: int) -> Estimate:
    """The differences in the direction of harm (positive = worse), (asked, scopes). What was not summed, and a scope
    without usable strata, has no information and is never ready."""
    difference, error, score, information, control, treatment = np.zeros((6, len(asked), scopes))
    found = Estimate(difference, error, score, information, np.zeros(difference.shape, dtype=bool), control, treatment)
    alike: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for place, each in enumerate(asked):
        if each.sums is not None and each.metric.strata:
            alike[len(each.metric.strata), len(each.sums.d_treatment[0]), each.metric.before is None].append(place)
    for places in alike.values():
        part = _estimates([asked[place] for place in places])
        for field in fields(found):
            getattr(found, field.name)[places] = getattr(part, field.name)
    return found


def estimate(metric: MetricEvidence, rule: DifferenceGuardrail, kernel: Kernel) -> Estimate | None:
    """The estimate since the start of one metric, or None when no sums were counted in usable strata."""
    found = estimates([Asked(rule, metric, metric.sums, {None: kernel})], 1).at(0).at(0)
    return found if found.information else None


def _estimates(asked: Sequence[Asked]) -> Estimate:
    """The estimates of guardrails whose sums have one shape."""
    ratio = np.array([each.rule.tolerated_ratio for each in asked])
    before = [each.metric.before for each in asked if each.metric.before is not None]
    now = _arms([each.sums for each in asked if each.sums is not None], asked)
    parts = clustered.strata_parts(*now, _arms(before, asked) if before else None, ratio[:, None])
    found = clustered.fold(parts.each(np.stack([usable(each.metric.strata, tuple(each.kernels.items()))
                                                for each in asked])))
    return _turned(found, np.array([[_sign(each.rule)] for each in asked]))


def in_direction(found: Estimate, rule: DifferenceGuardrail) -> Estimate:
    """The difference in the direction of harm (positive = worse)."""
    return _turned(found, _sign(rule))


def _sign(rule: DifferenceGuardrail) -> float:
    return 1.0 if rule.worse is Direction.HIGHER else -1.0


def _turned(found: Estimate, sign: Numbers) -> Estimate:
    by = floats(sign)
    return Estimate(by * found.difference, found.error, by * found.score, found.information, found.ready,
                    found.control_rate, found.treatment_rate)


def _arms(sums: Sequence[ClusterSums], asked: Sequence[Asked]) -> Pair:
    """Both arms of sums of one shape, (asked, strata, buckets), numerators in the metric's unit."""
    unit = np.array([each.metric.x_unit for each in asked])[:, None, None]
    strata, buckets = len(sums[0].d_treatment), len(sums[0].d_treatment[0])

    def stacked(column: str) -> Floats:
        rows = integer_rows((row for each in sums for row in getattr(each, column)), buckets)
        return rows.astype(np.float64).reshape(len(sums), strata, buckets)
    return (ArmSums(stacked("d_treatment"), stacked("x_treatment") * unit),
            ArmSums(stacked("d_control"), stacked("x_control") * unit))


@lru_cache(maxsize=256)
def usable(strata: tuple[Stratum, ...], kernels: tuple[tuple[int | None, Kernel], ...]) -> np.ndarray:
    """Which strata the clustered kernel may use in which scope, (scopes, strata)."""
    found = np.zeros((len(kernels), len(strata)), dtype=bool)
    for row, (epoch, kernel) in enumerate(kernels):
        found[row, usable_strata(strata, epoch, advisory=kernel in (Kernel.ADVISORY, Kernel.EXACT))] = True
    found.setflags(write=False)
    return found


def usable_strata(strata: Sequence[Stratum], epoch: int | None, *, advisory: bool = False) -> list[int]:
    """Indexes of the strata the clustered kernel may use; `advisory` lets skewed shares in as well."""
    least = 0.0 if advisory else SMALLEST_SHARE
    return [index for index, stratum in enumerate(strata) if epoch in (None, stratum.epoch)
            and stratum.smaller_share > 0.0 and stratum.smaller_share >= least]
