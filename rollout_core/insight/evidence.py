"""Collects the sufficient statistics of one rollout version for the sweep: counts from closed windows, nothing judged.

Strata are (ordinal of the epoch, inclusion) with an inclusion strictly between 0 and 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rollout_core.analysis.evidence import (
    WHOLE,
    ArmTotals,
    ClusterSums,
    Evidence,
    Exposures,
    FirstEvents,
    MetricEvidence,
    Stratum,
)
from rollout_core.insight.evidence_sources import Once, Scores, Source, Sums, source_of
from rollout_core.insight.evidence_tables import (
    SIDES,
    Table,
    add_rows,
    cluster_sums,
    hour_of,
    joined,
    paired,
    strata_of,
    totals_of,
)
from rollout_core.insight.evidence_version import Version, per_hour
from rollout_core.insight.scene import Scene
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Buckets, PrePeriod, Ratings, Rows
from rollout_core.ports.evidence_questions import FirstValues, Matured, Newcomers, VersionFirsts
from rollout_core.ports.room import Room
from rollout_core.rollouts.policies import Known

COVARIATE = timedelta(days=14)
"""The days before the version's start that the covariate looks at."""

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
    add_rows(table, sums.get(source.d[0]), source.d[1], 0)
    add_rows(table, sums.get(source.x[0]), source.x[1], 1, "control" if source.far else None)
    if source.far:
        add_rows(table, sums.get(source.far), source.x[1], 1, "treatment")
    if source.complement:
        for cell in table.values():
            cell[1] = cell[0] - cell[1]
    strata = strata_of(version, table)
    before = _before(room, version, source, strata) if strata else None
    treatment = totals_of(version, table, "treatment")
    return MetricEvidence(
        metric=key, strata=strata, sums=cluster_sums(version, table, strata) if strata else None, before=before,
        treatment=treatment, control=totals_of(version, table, "control"), x_unit=source.unit,
        treatment_per_hour=per_hour(version, {each.epoch: sum(each.d_buckets) for each in treatment}))






def _before(room: Room, version: Version, source: Sums, strata: Sequence[Stratum]) -> ClusterSums | None:
    """The covariate: the same subjects in the days before, by the side they have in each stratum."""
    if source.covariate is None:
        return None
    kind, what = source.covariate
    # Whole days only: the day of the start holds what happened after it, and a covariate may know nothing of that.
    began = version.window.since_at.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = room.events.measure(PrePeriod(version.rollout, Window(began - COVARIATE, began), kind, what, version.epochs))
    table: Table = defaultdict(lambda: [0, 0])
    add_rows(table, rows, "d", 0)
    add_rows(table, rows, "x", 1)
    return cluster_sums(version, table, strata) if table else None


def _with_firsts(room: Room, version: Version, found: MetricEvidence, source: Sums, known: Known) -> MetricEvidence:
    """Adds what the exact kernel needs, where it is counted."""
    if source.first is not None:
        since = _firsts(room, version, found.strata, source.first, version.epochs)
        within = [_firsts(room, version, found.strata, source.first, (epoch,)) for epoch in version.epochs]
        return replace(found, firsts=since, firsts_in_epoch=joined(within))
    reference = known.references.get(source.first_value or "")
    if reference is not None and source.first_value:
        rows = room.events.measure(FirstValues(version.rollout, source.first_value, reference.value, version.epochs,
                                               reference.applies_from_at))
        return replace(found, blocks_in_epoch=paired(version, found.strata, rows, "hour", "n", "above"))
    return found


def _firsts(room: Room, version: Version, strata: Sequence[Stratum], metric: str,
            epochs: tuple[int, ...]) -> FirstEvents:
    rows = room.events.measure(VersionFirsts(version.rollout, metric, epochs)).records()
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    kept = [(places[row["epoch"], row["inclusion"]], row) for row in rows
            if (row["epoch"], row["inclusion"]) in places]
    return FirstEvents(
        tuple(place for place, _ in kept), tuple(hour_of(row["hour"]) for _, row in kept),
        *(tuple(int(row[name]) for _, row in kept) for name in (
            "events_treatment", "events_control", "at_risk_treatment", "at_risk_control")))



def _once(room: Room, scene: Scene, version: Version, key: str, source: Once) -> MetricEvidence:
    """One yes/no outcome per subject: adoption at its age, retention on its day."""
    whats = tuple(flag.key for flag in scene.plan.flags if source.tag is None or source.tag in flag.tags)
    if source.own_flags and not whats:
        return MetricEvidence(metric=key)
    rows = room.events.measure(Matured(version.rollout, version.epochs, source.kinds, version.window.until_at,
                                       source.within_hours, source.on_day, whats if source.own_flags else (),
                                       version.crossings))
    cells = [(row["epoch"], row["inclusion"], row["arm"], 0) for row in rows.records()]
    strata = strata_of(version, cells)
    blocks = paired(version, strata, rows, "day", "n", "x") if strata else None
    totals: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows.records():
        totals[version.ordinal(row["epoch"]), row["arm"]][0] += row["n"]
        totals[version.ordinal(row["epoch"]), row["arm"]][1] += row["x"]

    def arm(side: str) -> tuple[ArmTotals, ...]:
        return tuple(ArmTotals(epoch, x=x, n=n) for (epoch, which), (n, x) in sorted(totals.items()) if which == side)
    treated = arm("treatment")
    return MetricEvidence(metric=key, strata=strata, blocks=blocks, treatment=treated, control=arm("control"),
                          treatment_per_hour=per_hour(version, {each.epoch: each.n for each in treated}))



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
    treated = arm("treatment")
    inflow = per_hour(version, {each.epoch: sum(each.rating_counts) for each in treated})
    return MetricEvidence(metric=key, treatment=treated, control=arm("control"),
                          scores=tuple(float(score) for score in scores), treatment_per_hour=inflow)
