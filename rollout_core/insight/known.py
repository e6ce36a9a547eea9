"""What was fixed before a rollout's data: reference quantiles, caps and usual values. Reads; `control` freezes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from rollout_core.analysis.exceedance import ZERO_BIN, LogHistogram
from rollout_core.analysis.references import Reference, freeze
from rollout_core.insight.evidence_sources import Sums, quantiles_of, source_of
from rollout_core.insight.scene import Scene
from rollout_core.insight.unnamed_errors import asked_besides, unnamed_in_totals
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import Change
from rollout_core.metrics.measured import Window
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.event_questions import Histogram, Totals
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.policies import Known

STORE_ZERO_BIN = -1
EXPOSED = "exposures"
"""The denominator of telemetry: what arrives for each exposure."""


class Frozen(msgspec.Struct, frozen=True):
    """What is kept of one evidence version in the control store's meta table, as JSON."""

    references: list[Reference] = []
    baselines: dict[str, float] = {}


def frozen_key(rollout: str, version: int) -> str:
    """Where a version's frozen values are kept."""
    return f"frozen:{rollout}:{version}"


def read_frozen(unit: ControlUnit, rollout: str, version: int) -> Frozen:
    """The frozen values of a version; empty before anything was frozen."""
    text = unit.meta.get(frozen_key(rollout, version))
    return msgspec.json.decode(text, type=Frozen) if text else Frozen()


def known_of(frozen: Frozen, scene: Scene) -> Known:
    """What a policy may know."""
    signed = frozenset(criterion for (phase, criterion), signoff in scene.signoffs.items()
                       if phase == scene.rollout.phase and signoff.met)
    return Known({each.metric: each for each in frozen.references}, frozen.baselines, signed)


def missing_references(room: Room, scene: Scene, frozen: Frozen) -> list[Reference]:
    """References that can be frozen now and are not yet: from the baseline days before the version, or where those
    are too few from everybody in the rollout so far (both sides together, so that neither is favoured)."""
    began = scene.rollout.started_at
    if began is None:
        return []
    have = {each.metric for each in frozen.references}
    before = Window(began - timedelta(days=scene.plan.measurement.baseline_days), began)
    found = []
    for quantile in quantiles_of(scene.plan):
        if quantile.metric in have:
            continue
        for window, rollout in ((before, None), (Window(began, scene.now), scene.rollout.key)):
            reference = freeze(quantile.metric, quantile.share, histogram_of(room, quantile.metric, window, rollout),
                               window.until_at)
            if reference is not None:
                found.append(reference)
                break
    return found


def histogram_of(room: Room, metric: str, window: Window, rollout: str | None) -> LogHistogram:
    """A store metric's log histogram in a window, all arms together."""
    rows = room.events.measure(Histogram(window, (metric,), rollout, ("metric",))).records()
    counts = {ZERO_BIN if row["b"] == STORE_ZERO_BIN else row["b"]: int(row["n"]) for row in rows}
    return LogHistogram(tuple(sorted(counts)), tuple(counts[place] for place in sorted(counts)))


def compared_metrics(plan: Plan) -> tuple[str, ...]:
    """The metrics that guardrails and improvements compare: their usual values say how large a change is."""
    changes = [CATALOG[each.metric].formula for phase in plan.phases for each in phase.criteria if each.metric]
    return tuple(dict.fromkeys((*(rule.metric for rule in plan.guardrails),
                                *(change.of for change in changes if isinstance(change, Change)))))


def usual_values(room: Room, scene: Scene, plan: Plan, have: Iterable[str] = ()) -> dict[str, float]:
    """What compared metrics were in the baseline days, in the whole store.

    What has no data, is of sessions that no error names, or is in `have`, is left out, and so is what counts by
    exposure: nobody was exposed before.
    """
    began = scene.rollout.started_at
    sources = {metric: source for metric in compared_metrics(plan)
               if metric not in have and isinstance(source := source_of(metric, plan), Sums)
               and not source.d[0].startswith("above") and source.d[0] != EXPOSED}
    if began is None or not sources:
        return {}
    wanted = tuple(dict.fromkeys(name for source in sources.values() for name in (
        source.d[0], source.x[0], *asked_besides(source.hits))))
    window = Window(began - timedelta(days=plan.measurement.baseline_days), began)
    rows = room.events.measure(Totals(window, wanted, None, ("metric",))).records()
    sums = {row["metric"]: {"d": int(row["n"] or 0), "x": int(row["s"] or 0), "x_capped": int(row["s"] or 0)}
            for row in rows}
    found = {}
    for metric, source in sources.items():
        d, x = sums.get(source.d[0], {}).get(source.d[1], 0), sums.get(source.x[0], {}).get(source.x[1], 0)
        unknown = unnamed_in_totals(source.hits, lambda name, column: sums.get(name, {}).get(column, 0))
        if d and not unknown:
            found[metric] = ((d - x) if source.complement else x) / d * source.unit
    return found
