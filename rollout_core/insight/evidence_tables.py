"""Rows of the event store as the tables the analysis reads: by stratum, side and cluster bucket, or by time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from rollout_core.analysis.evidence import WHOLE, ArmTotals, ClusterSums, FirstEvents, PairedCounts, Stratum
from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.insight.evidence_version import Version
from rollout_core.ports.event_questions import Rows

SIDES = {"treatment": "treatment", "control": "control", "holdout": "control"}
"""Arm as recorded -> side of the comparison."""

Table = dict[tuple[int, int, str, int], list[int]]
"""(epoch, inclusion, side, bucket) -> [d, x]."""


def add_rows(table: Table, rows: Rows | None, column: str, place: int, side: str | None = None) -> None:
    """Adds one column of agg_bucket rows to the table, of one side or of both."""
    for row in rows.records() if rows is not None else ():
        arm = SIDES.get(row["arm"])
        if arm is not None and side in (None, arm):
            table[row["epoch"], row["inclusion"], arm, row["bucket"]][place] += int(row[column])


def strata_of(version: Version, cells: Iterable[tuple[int, int, str, int]]) -> tuple[Stratum, ...]:
    """The strata that can be compared, in order."""
    found = {(version.ordinal(epoch), inclusion) for epoch, inclusion, _, _ in cells
             if epoch in version.epochs and 0 < inclusion < WHOLE}
    return tuple(Stratum(epoch, inclusion) for epoch, inclusion in sorted(found))


def cluster_sums(version: Version, table: Table, strata: Sequence[Stratum]) -> ClusterSums:
    def pick(side: str, place: int) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(table[version.epochs[each.epoch - 1], each.inclusion, side, bucket][place]
                           if (version.epochs[each.epoch - 1], each.inclusion, side, bucket) in table else 0
                           for bucket in range(CLUSTER_BUCKETS)) for each in strata)
    return ClusterSums(pick("treatment", 0), pick("treatment", 1), pick("control", 0), pick("control", 1))


def totals_of(version: Version, table: Table, side: str) -> tuple[ArmTotals, ...]:
    """One arm's own sums by epoch and cluster bucket, audiences taken whole included."""
    found: dict[int, tuple[list[int], list[int]]] = {}
    for (epoch, _, arm, bucket), (d, x) in table.items():
        if arm == side and epoch in version.epochs:
            sums = found.setdefault(version.ordinal(epoch), ([0] * CLUSTER_BUCKETS, [0] * CLUSTER_BUCKETS))
            sums[0][bucket] += d
            sums[1][bucket] += x
    return tuple(ArmTotals(epoch, d_buckets=tuple(d), x_buckets=tuple(x)) for epoch, (d, x) in sorted(found.items()))


def paired(version: Version, strata: Sequence[Stratum], rows: Rows, time: str, n: str, x: str) -> PairedCounts:
    """Rows per time and stratum with both sides next to each other; the order of time."""
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    cells: dict[tuple[int, int], dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows.records():
        place = places.get((row["epoch"], row["inclusion"]))
        if place is not None:
            cells[hour_of(row[time]), place][row["arm"]] = (row[x], row[n])
    ordered = sorted(cells.items())
    sides = [(cell.get("treatment", (0, 0)), cell.get("control", (0, 0))) for _, cell in ordered]
    return PairedCounts(
        tuple(place for (_, place), _ in ordered), tuple(hour for (hour, _), _ in ordered),
        tuple(treated[0] for treated, _ in sides), tuple(treated[1] for treated, _ in sides),
        tuple(control[0] for _, control in sides), tuple(control[1] for _, control in sides))


def hour_of(moment: date) -> int:
    """A number of hours that grows with an instant or a day: rows keep the order of time."""
    return int(moment.timestamp() // 3600) if isinstance(moment, datetime) else moment.toordinal() * 24


def joined(parts: Sequence[FirstEvents]) -> FirstEvents:
    """Rows of several epochs as one table, in time order (epochs follow each other)."""
    columns = ("stratum", "hour", "events_treatment", "events_control", "at_risk_treatment", "at_risk_control")
    return FirstEvents(*(tuple(value for part in parts for value in getattr(part, name)) for name in columns))
