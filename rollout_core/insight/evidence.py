"""Collects the sufficient statistics of one rollout version for the sweep: counts from closed windows, nothing judged.

A version is the epochs since the last start, declared release, plan migration or resume after proven harm. Epochs
become ordinals 1, 2, …; strata are (ordinal, inclusion) with an inclusion strictly between 0 and 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.analysis.evidence import (
    WHOLE,
    ArmTotals,
    ClusterSums,
    Evidence,
    Exposures,
    FirstEvents,
    MetricEvidence,
    PairedCounts,
    Stratum,
)
from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.insight.evidence_sources import Once, Scores, Source, Sums, source_of
from rollout_core.insight.scene import Scene
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Buckets, PrePeriod, Ratings, Rows
from rollout_core.ports.evidence_questions import FirstValues, Matured, Newcomers, VersionFirsts
from rollout_core.ports.room import Room
from rollout_core.rollouts.policies import Known

COVARIATE = timedelta(days=14)
"""The days before the version's start that the covariate looks at."""

SIDES = {"treatment": "treatment", "control": "control", "holdout": "control"}
"""Arm as recorded -> side of the comparison."""

Table = dict[tuple[int, int, str, int], list[int]]
"""(epoch, inclusion, side, bucket) -> [d, x]."""


@dataclass(frozen=True, slots=True)
class Version:
    """The epochs of one evidence version, oldest first, and the window they span."""

    rollout: str
    epochs: tuple[int, ...]
    window: Window
    restart: int = 1

    def ordinal(self, epoch: int) -> int:
        """1 for the version's first epoch."""
        return self.epochs.index(epoch) + 1


def version_of(scene: Scene, until_at: datetime, restart_epoch: int | None = None) -> Version | None:
    """The version in force, or None before the first start."""
    rollout = scene.rollout
    epochs = [epoch for epoch in scene.epochs if epoch.evidence_version == rollout.evidence_version]
    if not epochs:
        return None
    numbers = tuple(epoch.number for epoch in epochs)
    restart = numbers.index(restart_epoch) + 1 if restart_epoch in numbers else 1
    return Version(rollout.key, numbers, Window(epochs[0].began_at, max(until_at, epochs[0].began_at)), restart)


def collect(room: Room, scene: Scene, version: Version, keys: Sequence[str], known: Known) -> Evidence:
    """All that the evidence keys of a policy need. One query per kind of statistic, not per metric."""
    sources = {key: source for key in keys if (source := source_of(key, scene.plan)) is not None}
    sums = _bucket_sums(room, version, sources.values())
    metrics = []
    for key, source in sources.items():
        if isinstance(source, Sums):
            found = _from_sums(room, version, key, source, sums)
            metrics.append(_with_firsts(room, version, found, source, known))
        elif isinstance(source, Once):
            metrics.append(_once(room, scene, version, key, source))
        else:
            metrics.append(_scores(room, version, key, source))
    usual = known.baselines
    return Evidence(
        epoch=len(version.epochs), exposures=_exposures(room, version), restart_epoch=version.restart,
        metrics=tuple(replace(metric, baseline=usual.get(metric.metric)) for metric in metrics))


def _exposures(room: Room, version: Version) -> Exposures:
    rows = room.events.measure(Newcomers(version.rollout, version.epochs))
    counts: dict[tuple[datetime, int, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows.records():
        if 0 < row["inclusion"] < WHOLE:
            counts[row["hour"], row["epoch"], row["inclusion"]][row["arm"] == "control"] += row["entered"]
    ordered = sorted(counts.items())
    return Exposures(tuple(treated for _, (treated, _) in ordered), tuple(control for _, (_, control) in ordered),
                     tuple(inclusion for (_, _, inclusion), _ in ordered))


def _bucket_sums(room: Room, version: Version, sources: Iterable[Source]) -> Mapping[str, Rows]:
    """agg_bucket rows by store metric, for all sums at once."""
    wanted = dict.fromkeys(name for source in sources if isinstance(source, Sums)
                           for name in (source.d[0], source.x[0], source.far) if name)
    rows = room.events.measure(Buckets(version.rollout, tuple(wanted), version.window, version.epochs))
    place = rows.columns.index("metric")
    by_metric: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for row in rows.rows:
        by_metric[row[place]].append(row)
    return {name: Rows(rows.columns, found) for name, found in by_metric.items()}


def _from_sums(room: Room, version: Version, key: str, source: Sums, sums: Mapping[str, Rows]) -> MetricEvidence:
    table: Table = defaultdict(lambda: [0, 0])
    _add(table, sums.get(source.d[0]), source.d[1], 0)
    _add(table, sums.get(source.x[0]), source.x[1], 1, "control" if source.far else None)
    if source.far:
        _add(table, sums.get(source.far), source.x[1], 1, "treatment")
    if source.complement:
        for cell in table.values():
            cell[1] = cell[0] - cell[1]
    strata = _strata(version, table)
    before = _before(room, version, source, strata) if strata else None
    return MetricEvidence(
        metric=key, strata=strata, sums=_cluster_sums(version, table, strata) if strata else None, before=before,
        treatment=_totals(version, table, "treatment"), control=_totals(version, table, "control"), x_unit=source.unit,
        treatment_per_hour=_per_hour(table, version))


def _add(table: Table, rows: Rows | None, column: str, place: int, side: str | None = None) -> None:
    """Adds one column of agg_bucket rows to the table, of one side or of both."""
    for row in rows.records() if rows is not None else ():
        arm = SIDES.get(row["arm"])
        if arm is not None and side in (None, arm):
            table[row["epoch"], row["inclusion"], arm, row["bucket"]][place] += int(row[column])


def _strata(version: Version, cells: Iterable[tuple[int, int, str, int]]) -> tuple[Stratum, ...]:
    """The strata that can be compared, in order."""
    found = {(version.ordinal(epoch), inclusion) for epoch, inclusion, _, _ in cells
             if epoch in version.epochs and 0 < inclusion < WHOLE}
    return tuple(Stratum(epoch, inclusion) for epoch, inclusion in sorted(found))


def _cluster_sums(version: Version, table: Table, strata: Sequence[Stratum]) -> ClusterSums:
    def pick(side: str, place: int) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(table[version.epochs[each.epoch - 1], each.inclusion, side, bucket][place]
                           if (version.epochs[each.epoch - 1], each.inclusion, side, bucket) in table else 0
                           for bucket in range(CLUSTER_BUCKETS)) for each in strata)
    return ClusterSums(pick("treatment", 0), pick("treatment", 1), pick("control", 0), pick("control", 1))


def _totals(version: Version, table: Table, side: str) -> tuple[ArmTotals, ...]:
    """One arm's own sums by epoch and cluster bucket, audiences taken whole included."""
    found: dict[int, tuple[list[int], list[int]]] = {}
    for (epoch, _, arm, bucket), (d, x) in table.items():
        if arm == side and epoch in version.epochs:
            sums = found.setdefault(version.ordinal(epoch), ([0] * CLUSTER_BUCKETS, [0] * CLUSTER_BUCKETS))
            sums[0][bucket] += d
            sums[1][bucket] += x
    return tuple(ArmTotals(epoch, d_buckets=tuple(d), x_buckets=tuple(x)) for epoch, (d, x) in sorted(found.items()))


def _before(room: Room, version: Version, source: Sums, strata: Sequence[Stratum]) -> ClusterSums | None:
    """The covariate: the same subjects in the days before, by the side they have in each stratum."""
    if source.covariate is None:
        return None
    kind, what = source.covariate
    began = version.window.since_at
    rows = room.events.measure(PrePeriod(version.rollout, Window(began - COVARIATE, began), kind, what, version.epochs))
    table: Table = defaultdict(lambda: [0, 0])
    _add(table, rows, "d", 0)
    _add(table, rows, "x", 1)
    return _cluster_sums(version, table, strata) if table else None


def _per_hour(table: Table, version: Version) -> float | None:
    """Treatment's denominators an hour in the epoch in force."""
    hours = (version.window.until_at - version.window.since_at) / timedelta(hours=1)
    total = sum(d for (_, _, side, _), (d, _) in table.items() if side == "treatment")
    return total / hours if hours > 0 and total else None


def _with_firsts(room: Room, version: Version, found: MetricEvidence, source: Sums, known: Known) -> MetricEvidence:
    """Adds what the exact kernel needs, where it is counted."""
    if source.first is not None:
        since = _firsts(room, version, found.strata, source.first, version.epochs)
        within = [_firsts(room, version, found.strata, source.first, (epoch,)) for epoch in version.epochs]
        return replace(found, firsts=since, firsts_in_epoch=_joined(within))
    reference = known.references.get(source.first_value or "")
    if reference is not None and source.first_value:
        rows = room.events.measure(FirstValues(version.rollout, source.first_value, reference.value, version.epochs))
        return replace(found, blocks_in_epoch=_paired(version, found.strata, rows, "hour", "n", "above"))
    return found


def _firsts(room: Room, version: Version, strata: Sequence[Stratum], metric: str,
            epochs: tuple[int, ...]) -> FirstEvents:
    rows = room.events.measure(VersionFirsts(version.rollout, metric, epochs)).records()
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    kept = [(places[row["epoch"], row["inclusion"]], row) for row in rows
            if (row["epoch"], row["inclusion"]) in places]
    return FirstEvents(
        tuple(place for place, _ in kept), tuple(_hour(row["hour"]) for _, row in kept),
        *(tuple(int(row[name]) for _, row in kept) for name in (
            "events_treatment", "events_control", "at_risk_treatment", "at_risk_control")))


def _joined(parts: Sequence[FirstEvents]) -> FirstEvents:
    """Rows of several epochs as one table, in time order (epochs follow each other)."""
    columns = ("stratum", "hour", "events_treatment", "events_control", "at_risk_treatment", "at_risk_control")
    return FirstEvents(*(tuple(value for part in parts for value in getattr(part, name)) for name in columns))


def _once(room: Room, scene: Scene, version: Version, key: str, source: Once) -> MetricEvidence:
    """One yes/no outcome per subject: adoption at its age, retention on its day."""
    whats = tuple(flag.key for flag in scene.plan.flags if source.tag in flag.tags) if source.tag else ()
    rows = room.events.measure(Matured(version.rollout, version.epochs, source.kinds, version.window.until_at,
                                       source.within_hours, source.on_day, whats))
    cells = [(row["epoch"], row["inclusion"], row["arm"], 0) for row in rows.records()]
    strata = _strata(version, cells)
    blocks = _paired(version, strata, rows, "day", "n", "x") if strata else None
    totals: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows.records():
        totals[version.ordinal(row["epoch"]), row["arm"]][0] += row["n"]
        totals[version.ordinal(row["epoch"]), row["arm"]][1] += row["x"]

    def arm(side: str) -> tuple[ArmTotals, ...]:
        return tuple(ArmTotals(epoch, x=x, n=n) for (epoch, which), (n, x) in sorted(totals.items()) if which == side)
    hours = (version.window.until_at - version.window.since_at) / timedelta(hours=1)
    treated = sum(entry.n for entry in arm("treatment"))
    return MetricEvidence(metric=key, strata=strata, blocks=blocks, treatment=arm("treatment"), control=arm("control"),
                          treatment_per_hour=treated / hours if hours > 0 and treated else None)


def _paired(version: Version, strata: Sequence[Stratum], rows: Rows, time: str, n: str, x: str) -> PairedCounts:
    """Rows per time and stratum with both sides next to each other; the order of time."""
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    cells: dict[tuple[int, int], dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows.records():
        place = places.get((row["epoch"], row["inclusion"]))
        if place is not None:
            cells[_hour(row[time]), place][row["arm"]] = (row[x], row[n])
    ordered = sorted(cells.items())
    sides = [(cell.get("treatment", (0, 0)), cell.get("control", (0, 0))) for _, cell in ordered]
    return PairedCounts(
        tuple(place for (_, place), _ in ordered), tuple(hour for (hour, _), _ in ordered),
        tuple(treated[0] for treated, _ in sides), tuple(treated[1] for treated, _ in sides),
        tuple(control[0] for _, control in sides), tuple(control[1] for _, control in sides))


def _scores(room: Room, version: Version, key: str, source: Scores) -> MetricEvidence:
    """Answers per score of the scale that most answers are on."""
    rows = room.events.measure(Ratings(version.window, source.metric, version.rollout, ("arm", "epoch", "inclusion"),
                                       live=False)).records()
    scales: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        scales[row["low"], row["high"]] += row["n"]
    if not scales:
        return MetricEvidence(metric=key)
    low, high = (round(end / 1_000_000) for end in max(scales, key=lambda scale: scales[scale]))
    scores = tuple(range(low, high + 1))
    counts: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(scores))
    for row in rows:
        side = SIDES.get(row["arm"])
        if side and row["epoch"] in version.epochs and row["k"] in scores:
            counts[version.ordinal(row["epoch"]), side][scores.index(row["k"])] += row["n"]

    def arm(side: str) -> tuple[ArmTotals, ...]:
        return tuple(ArmTotals(epoch, rating_counts=tuple(found)) for (epoch, which), found in sorted(counts.items())
                     if which == side)
    hours = (version.window.until_at - version.window.since_at) / timedelta(hours=1)
    answers = sum(sum(entry.rating_counts) for entry in arm("treatment"))
    return MetricEvidence(metric=key, treatment=arm("treatment"), control=arm("control"),
                          scores=tuple(float(score) for score in scores),
                          treatment_per_hour=answers / hours if hours > 0 and answers else None)


def _hour(moment: object) -> int:
    """Hours since 1970 of an instant or a day: rows keep the order of time."""
    if isinstance(moment, datetime):
        return int(moment.timestamp() // 3600)
    return int(moment.toordinal()) * 24  # type: ignore[attr-defined]
