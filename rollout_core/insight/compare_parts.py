"""One metric divided by a column of its events: each part can be measured and compared as the whole is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from rollout_core.insight.formulas import store_metric
from rollout_core.insight.measuring import EVERYBODY, MEMBERS, Measuring, Stratum
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import ClusterSums, Sums
from rollout_core.metrics.catalog import Metric
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Parts
from rollout_core.ports.subject_questions import ATTRIBUTE, AUDIENCE, SubjectAttributes
from rollout_core.rollouts.census import Population, population

LONGEST = timedelta(days=31)
"""Parts are counted from raw events: longer windows are cut to their last days, which the answer says."""

FORMULAS = (f.Proportion, f.Mean, f.Percentile)
BY_FLAG = (f.Adoption, f.Stickiness)
EVERYWHERE, RELEASE = ("page", "device"), "release"
WITHOUT_RELEASE = frozenset({"page_load_score", "good_loads"})
"""Made of several events, which may be of two builds."""
OWN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "request_errors": ("endpoint",), "request_duration": ("endpoint",), "render": ("name",), "tasks": ("name",),
}
"""Store metric -> columns besides page and device that divide it."""


def divisions_of(measuring: Measuring, metric: Metric) -> tuple[str, ...]:
    """By what a metric can be divided."""
    if isinstance(metric.formula, BY_FLAG):
        return ("flag",)
    if not isinstance(metric.formula, FORMULAS):
        return ()
    key = store_metric(measuring, metric)
    built = () if key in WITHOUT_RELEASE else (RELEASE,)
    return (*EVERYWHERE, *built, *OWN_COLUMNS.get(key, ()), *people_divisions(measuring))


def people_divisions(measuring: Measuring) -> tuple[str, ...]:
    """What divides the rollout's subjects: their audience and what the register says of them."""
    rows = measuring.ask(SubjectAttributes(measuring.scene.rollout.unit)).records()
    audience = (AUDIENCE,) if len(measuring.scene.plan.audiences) > 1 else ()
    return (*audience, *(f"{ATTRIBUTE}{row['attribute']}" for row in rows)) if rows else ()


class OnePart(Measuring):
    """A part of the window's events: its sums or bins; design effects are those of the whole."""

    def __init__(self, whole: Measuring, key: str, sums: Mapping[Stratum, Sums],
                 bins: Mapping[Stratum, Mapping[int, int]]) -> None:
        super().__init__(whole.events, whole.scene, whole.window, live=whole.live)
        self._whole = whole
        self._key = key
        self._part_sums = sums
        self._part_bins = bins

    @property
    def undivided(self) -> Measuring:
        """The whole."""
        return self._whole.undivided

    def strata(self, metric: str, flag: str | None = None) -> Mapping[Stratum, Sums]:
        """The part's sums; other metrics' are of the whole."""
        return self._part_sums if metric == self._key and self._part_sums else super().strata(metric, flag)

    def strata_bins(self, metric: str, part: str = "") -> Mapping[Stratum, Mapping[int, int]]:
        """The part's histogram."""
        return self._part_bins if metric == self._key else super().strata_bins(metric, part)

    def clusters(self, metric: str, arm: str | None) -> Mapping[int, ClusterSums]:
        """Those of the whole, added up once for all parts."""
        return self._whole.clusters(metric, arm)

    def share_effect(self, metric: str, arm: str | None) -> float:
        """That of the whole."""
        return self._whole.share_effect(metric, arm)


def parts_of(measuring: Measuring, metric: Metric, column: str) -> dict[str, Measuring]:
    """Part -> what measures it, the most frequent first. One question to the store."""
    key, binned = store_metric(measuring, metric), isinstance(metric.formula, f.Percentile)
    window = shortened(measuring.closed)
    if window.since_at >= window.until_at:
        return {}
    here = measuring.scene.rollout
    question = Parts(measuring.rollout, key, column, window, binned, population=_whose(measuring, column),
                     stamp=f"plan {here.plan_version}, epoch {here.epoch}")
    sums: dict[str, dict[Stratum, Sums]] = {}
    bins: dict[str, dict[Stratum, dict[int, int]]] = {}
    for row in measuring.ask(question).records():
        place = Stratum(row["arm"], row["epoch"], row["inclusion"])
        if binned:
            into = bins.setdefault(row["part"], {}).setdefault(place, {})
            into[row["b"]] = into.get(row["b"], 0) + row["n"]
        else:
            sums.setdefault(row["part"], {})[place] = Sums(int(row["n"]), int(row["s"] or 0), int(row["ss"] or 0))
    counts = {part: _count(sums.get(part, {}), bins.get(part, {})) for part in (*sums, *bins)}
    ranked = sorted(counts, key=lambda part: (-counts[part], part))
    return {part: OnePart(measuring, key, sums.get(part, {}), bins.get(part, {})) for part in ranked}


def _whose(measuring: Measuring, column: str) -> Population | None:
    """The rules by which people are divided; events divide by their own columns."""
    if column != AUDIENCE and not column.startswith(ATTRIBUTE):
        return None
    here = measuring.scene
    return population(here.plan, here.rollout, here.rollout.epoch_began_at or here.now)


def part_in_words(measuring: Measuring, column: str, part: str) -> str:
    """What people call a part: audiences and features by their names, the rest as it was sent."""
    plan = measuring.scene.plan
    names = {AUDIENCE: {each.key: each.name for each in plan.audiences},
             "flag": {each.key: each.name for each in plan.flags}}
    return names.get(column, {}).get(part, part)


def shortened(window: Window) -> Window:
    """The last LONGEST of a window."""
    return Window(max(window.since_at, window.until_at - LONGEST), window.until_at)


def _count(sums: Mapping[Stratum, Sums], bins: Mapping[Stratum, Mapping[int, int]]) -> int:
    return (sum(each.n for place, each in sums.items() if place.arm in MEMBERS[EVERYBODY])
            + sum(sum(each.values()) for place, each in bins.items() if place.arm in MEMBERS[EVERYBODY]))
