"""Rows of the event store as the tables the analysis reads: by stratum, side and cluster bucket, or by time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rollout_core.analysis.evidence import WHOLE, ArmTotals, ClusterSums, PairedCounts, Stratum
from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.insight.evidence_version import Version
from rollout_core.ports.event_questions import Rows

SIDES = {"treatment": "treatment", "control": "control", "holdout": "control"}
"""Arm as recorded -> side of the comparison."""

Table = dict[tuple[int, int, str], NDArray[np.int64]]
"""(epoch, inclusion, side) -> d and x by cluster bucket."""

NOBODY = (0,) * CLUSTER_BUCKETS


def empty_table() -> Table:
    """A table in which every stratum asked for stands at zero."""
    return defaultdict(lambda: np.zeros((2, CLUSTER_BUCKETS), np.int64))


def add_rows(table: Table, rows: Sequence[Mapping[str, Any]], column: str, place: int, side: str | None = None) -> None:
    """Adds one column of arrays of BucketSums or SumsBefore to the table, of one side or of both."""
    for row in rows:
        if side in (None, row["side"]):
            table[row["epoch"], row["inclusion"], row["side"]][place] += row[column]


def strata_of(version: Version, cells: Iterable[tuple[int, int, str]]) -> tuple[Stratum, ...]:
    """The strata that can be compared, in order."""
    found = {(version.ordinal(epoch), inclusion) for epoch, inclusion, _ in cells
             if epoch in version.epochs and 0 < inclusion < WHOLE}
    return tuple(Stratum(epoch, inclusion) for epoch, inclusion in sorted(found))


def cluster_sums(version: Version, table: Table, strata: Sequence[Stratum]) -> ClusterSums:
    def pick(side: str, place: int) -> tuple[tuple[int, ...], ...]:
        keys = [(version.epochs[each.epoch - 1], each.inclusion, side) for each in strata]
        return tuple(tuple(table[key][place].tolist()) if key in table else NOBODY for key in keys)
    return ClusterSums(pick("treatment", 0), pick("treatment", 1), pick("control", 0), pick("control", 1))


def totals_of(version: Version, table: Table, side: str) -> tuple[ArmTotals, ...]:
    """One arm's own sums by epoch and cluster bucket, audiences taken whole included."""
    found: dict[int, NDArray[np.int64]] = {}
    for (epoch, _, arm), cells in table.items():
        if arm == side and epoch in version.epochs:
            ordinal = version.ordinal(epoch)
            found[ordinal] = found[ordinal] + cells if ordinal in found else cells
    return tuple(ArmTotals(epoch, d_buckets=tuple(d), x_buckets=tuple(x))
                 for epoch, (d, x) in ((each, found[each].tolist()) for each in sorted(found)))


def paired(version: Version, strata: Sequence[Stratum], rows: Rows, time: str, n: str, x: str) -> PairedCounts:
    """Rows per time and stratum with both sides next to each other; the order of time."""
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    cells: dict[tuple[int, int], dict[str, tuple[int, int]]] = defaultdict(dict)
    for epoch, inclusion, at, arm, seen, happened in rows.picked("epoch", "inclusion", time, "arm", n, x):
        place = places.get((epoch, inclusion))
        if place is not None:
            cells[hour_of(at), place][arm] = (happened, seen)
    ordered = sorted(cells.items())
    sides = [(cell.get("treatment", (0, 0)), cell.get("control", (0, 0))) for _, cell in ordered]
    return PairedCounts(
        tuple(place for (_, place), _ in ordered), tuple(hour for (hour, _), _ in ordered),
        tuple(treated[0] for treated, _ in sides), tuple(treated[1] for treated, _ in sides),
        tuple(control[0] for _, control in sides), tuple(control[1] for _, control in sides))


def hour_of(moment: date) -> int:
    """Hours since 1970 of an instant or of a day's beginning (UTC): rows keep the order of time."""
    return int(moment.timestamp() // 3600) if isinstance(moment, datetime) else (
        moment.toordinal() - date(1970, 1, 1).toordinal()) * 24
