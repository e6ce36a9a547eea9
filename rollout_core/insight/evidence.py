"""Collects the sufficient statistics of one rollout version for the sweep: counts from closed windows, nothing judged.

Strata are (ordinal of the epoch, inclusion) with an inclusion strictly between 0 and 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rollout_core.analysis.difference import FIRST_COLUMNS
from rollout_core.analysis.evidence import (
    WHOLE,
    ArmTotals,
    Evidence,
    Exposures,
    FirstEvents,
    MetricEvidence,
    Stratum,
)
from rollout_core.insight.evidence_sources import Once, Scores, Sums, source_of
from rollout_core.insight.evidence_tables import (
    SIDES,
    Table,
    add_rows,
    cluster_sums,
    empty_table,
    hour_of,
    paired,
    strata_of,
    totals_of,
)
from rollout_core.insight.evidence_version import Recent, Version, entering, lasting, midnight_of, per_hour, recent_of
from rollout_core.insight.scene import Scene
from rollout_core.insight.unnamed_errors import asked_besides, unnamed_in_evidence
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Ratings, Rows
from rollout_core.ports.evidence_questions import (
    BucketSums,
    FirstValues,
    Matured,
    Newcomers,
    RecentSums,
    SumsBefore,
    VersionFirsts,
)
from rollout_core.ports.room import Room
from rollout_core.rollouts.policies import Known

COVARIATE = timedelta(days=14)
"""The days before the version's start that the covariate looks at."""

Lists = Mapping[Hashable, Sequence[Mapping[str, Any]]]
"""Rows with arrays over cluster buckets, by what they are about."""

def collect(room: Room, scene: Scene, version: Version, keys: Sequence[str], known: Known) -> Evidence:
    """All that the evidence keys of a policy need. One query per kind of statistic, not per metric."""
    sources = {key: source for key in keys if (source := source_of(key, scene.plan)) is not None}
    summed = [source for source in sources.values() if isinstance(source, Sums)]
    besides = [name for source in summed for name in asked_besides(source.hits)]
    sums, before = _bucket_sums(room, version, summed, besides=besides), _sums_before(room, version, summed)
    recent = recent_of(version)
    lately = _bucket_sums(room, version, summed, recent) if recent is not None else {}
    metrics = []
    for key, source in sources.items():
        if isinstance(source, Sums):
            found = _with_recent(_from_sums(version, key, source, sums, before), version, source, lately)
            found = _without_sums(found) if unnamed_in_evidence(source.hits, sums) else found
            metrics.append(_with_firsts(room, version, found, source, known))
        elif isinstance(source, Once):
            metrics.append(_once(room, scene, version, key, source))
        else:
            metrics.append(_scores(room, version, key, source))
    usual = known.baselines
    return Evidence(
        epoch=len(version.epochs), exposures=_exposures(room, version), restart_epoch=version.restart,
        recent_day=recent.day if recent else 0, recent_hour=hour_of(recent.since_at) if recent else 0,
        metrics=tuple(replace(metric, baseline=usual.get(metric.metric)) for metric in metrics))


def _exposures(room: Room, version: Version) -> Exposures:
    rows = room.events.measure(Newcomers(version.rollout, version.epochs))
    counts: dict[tuple[datetime, int, int], list[int]] = defaultdict(lambda: [0, 0])
    for hour, epoch, inclusion, arm, entered in rows.picked("hour", "epoch", "inclusion", "arm", "entered"):
        if 0 < inclusion < WHOLE:
            counts[hour, epoch, inclusion][arm == "control"] += entered
    ordered = sorted(counts.items())
    return Exposures(tuple(treated for _, (treated, _) in ordered), tuple(control for _, (_, control) in ordered),
                     tuple(inclusion for (_, _, inclusion), _ in ordered))


def _bucket_sums(room: Room, version: Version, sources: Iterable[Sums], recent: Recent | None = None,
                 besides: Iterable[str] = ()) -> Lists:
    """Bucket sums by store metric, for all sums at once and what is asked `besides`; `recent`: of the last days only.
    """
    names = dict.fromkeys(name for source in sources for name in (source.d[0], source.x[0], source.far) if name)
    names |= dict.fromkeys(besides)
    found: dict[Hashable, list[Mapping[str, Any]]] = defaultdict(list)
    if names:
        question = BucketSums(version.rollout, tuple(names), version.epochs) if recent is None else RecentSums(
            version.rollout, tuple(names), version.epochs, recent.since_at.date())
        for row in room.events.measure(question).records():
            found[row["metric"]].append(row)
    return found


def _sums_before(room: Room, version: Version, sources: Iterable[Sums]) -> Lists:
    """The days before by (kind, what), for all covariates at once.

    Whole days only: the day of the start holds what happened after it, and a covariate may know nothing of that.
    """
    wanted = tuple(dict.fromkeys(source.covariate for source in sources if source.covariate is not None))
    began = midnight_of(version.window.since_at)
    found: dict[Hashable, list[Mapping[str, Any]]] = defaultdict(list)
    if wanted:
        question = SumsBefore(version.rollout, Window(began - COVARIATE, began), wanted, version.epochs)
        for row in room.events.measure(question).records():
            found[row["kind"], row["what"]].append(row)
    return found


def _table_of(source: Sums, sums: Lists) -> Table:
    table = empty_table()
    add_rows(table, sums.get(source.d[0], ()), source.d[1], 0)
    add_rows(table, sums.get(source.x[0], ()), source.x[1], 1, "control" if source.far else None)
    if source.far:
        add_rows(table, sums.get(source.far, ()), source.x[1], 1, "treatment")
    if source.complement:
        for cells in table.values():
            cells[1] = cells[0] - cells[1]
    return table


def _with_recent(found: MetricEvidence, version: Version, source: Sums, lately: Lists) -> MetricEvidence:
    """Adds what was counted in the last days alone."""
    table = _table_of(source, lately)
    if not table:
        return found
    return replace(found, recent=cluster_sums(version, table, found.strata) if found.strata else None,
                   recent_treatment=totals_of(version, table, "treatment"))


def _from_sums(version: Version, key: str, source: Sums, sums: Lists, before: Lists) -> MetricEvidence:
    table = _table_of(source, sums)
    strata = strata_of(version, table)
    past = empty_table()
    for place, column in enumerate(("d", "x")):
        add_rows(past, before.get(source.covariate, ()), column, place)
    treatment = totals_of(version, table, "treatment")
    return MetricEvidence(
        metric=key, strata=strata, sums=cluster_sums(version, table, strata) if strata else None,
        before=cluster_sums(version, past, strata) if past and strata else None, treatment=treatment,
        control=totals_of(version, table, "control"), x_unit=source.unit,
        treatment_per_hour=per_hour({each.epoch: sum(each.d_buckets) for each in treatment}, lasting(version)))


def _without_sums(found: MetricEvidence) -> MetricEvidence:
    """Errors came without the session they happened in: sessions without an error prove nothing."""
    return MetricEvidence(metric=found.metric, strata=found.strata, unnamed=True)


def _with_firsts(room: Room, version: Version, found: MetricEvidence, source: Sums, known: Known) -> MetricEvidence:
    """Adds what the exact kernel needs, where it is counted."""
    if source.first is not None:
        since, within = (_firsts(version, found.strata, room.events.measure(
            VersionFirsts(version.rollout, source.first, version.epochs, anew))) for anew in (False, True))
        return replace(found, firsts=since, firsts_in_epoch=within)
    reference = known.references.get(source.first_value or "")
    if reference is not None and source.first_value:
        rows = room.events.measure(FirstValues(version.rollout, source.first_value, reference.value, version.epochs,
                                               reference.applies_from_at))
        return replace(found, blocks_in_epoch=paired(version, found.strata, rows, "hour", "n", "above"))
    return found


def _firsts(version: Version, strata: Sequence[Stratum], rows: Rows) -> FirstEvents:
    places = {(version.epochs[each.epoch - 1], each.inclusion): place for place, each in enumerate(strata)}
    kept = [(places[epoch, inclusion], hour_of(hour), *counts)
            for epoch, inclusion, hour, *counts in rows.picked("epoch", "inclusion", "hour", *FIRST_COLUMNS)
            if (epoch, inclusion) in places]
    stratum, hours, *columns = zip(*kept, strict=True) if kept else ((),) * (2 + len(FIRST_COLUMNS))
    return FirstEvents(stratum, hours, *(tuple(map(int, column)) for column in columns))


def _once(room: Room, scene: Scene, version: Version, key: str, source: Once) -> MetricEvidence:
    """One yes/no outcome per subject: adoption at its age, retention on its day."""
    whats = tuple(flag.key for flag in scene.plan.flags if source.tag is None or source.tag in flag.tags)
    epochs = version.epochs if source.tag is None else _serving(scene, version, whats)
    if source.own_flags and not (whats and epochs):
        return MetricEvidence(metric=key)
    rows = room.events.measure(Matured(version.rollout, epochs, source.kinds, version.window.until_at,
                                       source.within_hours, source.on_day, whats if source.own_flags else (),
                                       version.crossings))
    cells = [(row["epoch"], row["inclusion"], row["arm"]) for row in rows.records()]
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
                          treatment_per_hour=per_hour({each.epoch: each.n for each in treated},
                                                      entering(version, epochs, source.entered_by)))


def _serving(scene: Scene, version: Version, flags: Iterable[str]) -> tuple[int, ...]:
    """The version's epochs in which somebody could use one of these flags."""
    return tuple(epoch.number for epoch in scene.epochs
                 if epoch.number in version.epochs and not epoch.served.isdisjoint(flags))


def _scores(room: Room, version: Version, key: str, source: Scores) -> MetricEvidence:
    """Answers per score of the scale that most answers are on. Asked for whole days, which rollups hold: what came
    before the version on its first day has another epoch."""
    window = Window(midnight_of(version.window.since_at), version.window.until_at)
    rows = [row for row in room.events.measure(Ratings(
        window, source.metric, version.rollout, ("arm", "epoch", "inclusion"), live=False)).records()
        if row["epoch"] in version.epochs]
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
        if side and row["k"] in scores:
            counts[version.ordinal(row["epoch"]), side][scores.index(row["k"])] += row["n"]

    def arm(side: str) -> tuple[ArmTotals, ...]:
        return tuple(ArmTotals(epoch, rating_counts=tuple(found)) for (epoch, which), found in sorted(counts.items())
                     if which == side)
    treated = arm("treatment")
    inflow = per_hour({each.epoch: sum(each.rating_counts) for each in treated}, lasting(version))
    return MetricEvidence(metric=key, treatment=treated, control=arm("control"),
                          scores=tuple(float(score) for score in scores), treatment_per_hour=inflow)
