"""Asking the event store for one rollout and window: each question once, sums kept by stratum.

A stratum is (epoch, inclusion). What is displayed of an arm is its sum over all strata; what is compared is compared
within strata whose inclusion lies strictly between 0 and 100 %.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rollout_core.flags.bucketing import BUCKETS
from rollout_core.insight.clustered import NOT_KEPT, Clustered, clustered
from rollout_core.insight.look import SeenStore
from rollout_core.insight.scene import Scene
from rollout_core.insight.tail import ALWAYS, LONGEST, families_of, family_of, reach, shared_sums, taken
from rollout_core.insight.two_parts import (
    Placed,
    SharedRows,
    closed_part,
    columns_of,
    divisible,
    histograms,
    moving,
    placed,
    summed,
    together,
)
from rollout_core.insight.window import floored
from rollout_core.metrics.aggregates import ClusterSums, Sums, merged, merged_bins
from rollout_core.metrics.catalog import Metric
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.metrics.percentile import Bins
from rollout_core.ports.event_questions import (
    TAIL_COLUMNS,
    ActiveSubjects,
    AdoptionAtAge,
    Buckets,
    Exposed,
    ExposureCohorts,
    FlagMatrix,
    FlagsUsed,
    Histogram,
    IngestCounts,
    LastSeen,
    Retention,
    Rows,
    SpanCounts,
    StoredCounts,
    Tail,
    Totals,
    Watermarks,
)
from rollout_core.ports.event_store import EventStore

TREATMENT, CONTROL, EVERYBODY = "treatment", "control", None
MEMBERS: Mapping[str | None, frozenset[str]] = {
    TREATMENT: frozenset({"treatment"}),
    CONTROL: frozenset({"control", "holdout"}),
    EVERYBODY: frozenset({"treatment", "control", "holdout", "former", "overridden", "none", "before", "mixed"}),
}
"""What an answer's arm is made of; HOLDOUT counts as control, and everybody is whoever is attributed."""


class Stratum(NamedTuple):
    """Where a sum belongs."""

    arm: str
    epoch: int
    inclusion: int

    @property
    def compared(self) -> bool:
        """True when its subjects were in or out by chance."""
        return 0 < self.inclusion < BUCKETS


class Measuring:
    """Questions about one rollout in one window. `live` False reads closed windows only. Not kept between requests."""

    def __init__(self, events: EventStore, scene: Scene, window: Window, *, live: bool = True) -> None:
        self.events = events
        self.scene = scene
        self.window = window
        self.live = live
        self._sums: dict[tuple[str, str | None], dict[Stratum, Sums]] = {}
        self._slices: dict[str, dict[str, dict[Stratum, dict[int, int]]]] = {}
        self._bins: dict[str, dict[Stratum, dict[int, int]]] = {}
        self._parts: dict[tuple[str, str], dict[Stratum, dict[int, int]]] = {}
        self._buckets: dict[str, Clustered] = {}

    @property
    def undivided(self) -> Measuring:
        """What this is a part of; itself where it is no part."""
        return self

    def over(self, window: Window) -> Measuring:
        """The same rollout in another window."""
        return Measuring(self.events, self.scene, window, live=self.live)

    @property
    def switched_off(self) -> frozenset[str]:
        """Kinds of event whose collection the environment switched off."""
        return self.scene.switched_off

    @property
    def rollout(self) -> str:
        """The rollout's key."""
        return self.scene.rollout.key

    @property
    def closed(self) -> Window:
        """The window as far as whole windows of 5 minutes go: for questions that closed windows answer."""
        until_at = min(self.window.until_at, floored(self.scene.now))
        return Window(self.window.since_at, max(until_at, self.window.since_at))

    @property
    def whole(self) -> Window:
        """The window from its first whole hour on, if it is longer than a day: what rollups hold. Sums of long windows
        leave out the broken hour in front rather than read it from raw events at every look."""
        since_at = self.window.since_at
        broken = timedelta(minutes=since_at.minute, seconds=since_at.second, microseconds=since_at.microsecond)
        if not broken or self.window.until_at - since_at <= timedelta(days=1):
            return self.window
        return Window(since_at - broken + timedelta(hours=1), self.window.until_at)

    def ask(self, question: Any) -> Rows:
        """The store's answer; the same question is asked once, and of closed windows once until more are closed."""
        asked = self.scene.asked
        if question not in asked:
            asked[question] = (self._remembered(question) if closed_only(question)
                               else self._in_two(question) if divisible(question)
                               else self.events.measure(question))
        answer: Rows = asked[question]
        return answer

    def _in_two(self, question: Any) -> Rows:
        """What closed windows hold, remembered until more are closed, and the tail, read anew for all its family."""
        since_at, until_at = question.window.since_at, question.window.until_at
        watermark = self.ask(Watermarks()).closed_until_at
        if watermark is None or watermark <= since_at:
            return self._tail(question)
        before = closed_part(question, Window(since_at, min(until_at, watermark)))
        closed = (self._placed(before) if moving(question, self.scene.now)
                  else self._remember(("placed", before), lambda: self._placed(before)))
        if watermark >= until_at:
            return closed.rows
        return together(question, closed, self._tail(replace(question, window=Window(watermark, until_at))))

    def _placed(self, question: Any) -> Placed:
        return placed(question, self.events.measure(question))

    def _tail(self, question: Any) -> Rows:
        """What raw events say: out of the tails of its families where these hold it."""
        now = self.scene.now
        families = families_of(question, now)
        if families is None:
            return self._ask_once(question)
        since_at = question.window.since_at
        window = Window(since_at, reach(question, now))
        names = tuple(family.name for family in families if self.arrived(family.kind, since_at))
        parts = self._tails(Tail(window, names, question.rollout)) if names else ()
        shared = shared_sums(question, parts) if question.window.until_at >= now else None
        rows = shared if shared is not None else summed(
            (row for part in parts for row in taken(question, Rows(TAIL_COLUMNS, part))), type(question))
        return Rows(columns_of(question), rows, self.ask(Watermarks()).closed_until_at)

    def _tails(self, question: Tail) -> tuple[list[Any], ...]:
        """The rows of a tail, by family where a look holds them."""
        return self.events.tail(question) if isinstance(self.events, SeenStore) else (self._ask_once(question).rows,)

    def ask_with_tail(self, metric: str, question: Any) -> Rows:
        """The store's answer about what happened since the watermark; where looks share the tail of a metric, it is
        asked once for all of them, as that tail is."""
        family, now, window = family_of(metric), self.scene.now, question.window
        if family is not None and window.until_at >= now and now - window.since_at <= LONGEST:
            tail, = self._tails(Tail(Window(window.since_at, now), (family.name,), question.rollout))
            if isinstance(tail, SharedRows):
                answer: Rows = tail.made(replace(question, window=ALWAYS), lambda: self.ask(question))
                return answer
        return self.ask(question)

    def read_ahead(self, metrics: Iterable[str]) -> None:
        """Reads the tails of several metrics together, which costs half of reading one after the other."""
        watermark, now = self.ask(Watermarks()).closed_until_at, self.scene.now
        known = tuple(metric for metric in metrics if family_of(metric) is not None)
        if known and self.live and watermark is not None and watermark < now <= self.window.until_at:
            self._tail(Totals(Window(watermark, now), known, self.rollout))

    def arrived(self, kind: str, since_at: datetime) -> bool:
        """True when an event of the kind happened since then: there is nothing to read of the others."""
        return any(each == kind and newest_at is not None and newest_at >= since_at
                   for each, newest_at, *_ in self.ask(LastSeen()).rows)

    def _ask_once(self, question: Any) -> Rows:
        """The store's own answer; the same question is asked once of a scene."""
        asked = self.scene.asked
        key = ("as it is", question)
        if key not in asked:
            asked[key] = self.events.measure(question)
        answer: Rows = asked[key]
        return answer

    def _remembered(self, question: Any) -> Rows:
        answer: Rows = self._remember(question, lambda: self.events.measure(question))
        return answer

    def _remember(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made of closed windows, until more are closed."""
        return self.scene.memory.answer(tuple(self.ask(Watermarks()).rows), key, make)

    def prefetch(self, metrics: Iterable[str], flag: str | None = None) -> None:
        """Asks for several store metrics at once."""
        wanted = tuple(sorted({metric for metric in metrics if (metric, flag) not in self._sums}))
        if not wanted:
            return
        for metric in wanted:
            self._sums[metric, flag] = {}
        question = Totals(self.whole, wanted, self.rollout, ("metric", "arm", "epoch", "inclusion"), flag=flag,
                          live=self.live)
        for row in self.ask(question).records():
            stratum = Stratum(row["arm"], row["epoch"], row["inclusion"])
            self._sums[row["metric"], flag][stratum] = sums_of(row)

    def strata(self, metric: str, flag: str | None = None) -> Mapping[Stratum, Sums]:
        """The sums of one store metric by stratum."""
        self.prefetch((metric,), flag)
        return self._sums[metric, flag]

    def sums(self, metric: str, arm: str | None, flag: str | None = None) -> Sums:
        """The sums of one store metric for one arm, all strata together."""
        return merged(sums for stratum, sums in self.strata(metric, flag).items() if stratum.arm in MEMBERS[arm])

    def prefetch_bins(self, metrics: Iterable[str]) -> None:
        """Asks for the histograms of several store metrics at once."""
        wanted = tuple(sorted({metric for metric in metrics if metric not in self._bins}))
        if not wanted:
            return
        self._bins |= {metric: {} for metric in wanted}
        question = Histogram(self.whole, wanted, self.rollout, ("metric", "arm", "epoch", "inclusion"), live=self.live)
        for (metric, *stratum), bins in histograms(self.ask(question).rows).items():
            self._bins[metric][Stratum(*stratum)] = bins

    def strata_bins(self, metric: str, part: str = "") -> Mapping[Stratum, Bins]:
        """Histogram counts of one store metric by stratum; `part` is a slice such as `page:/plan`."""
        if metric in self._slices:
            return self._slices[metric].get(part, {})
        if not part and metric in self._bins:
            return self._bins[metric]
        if (metric, part) not in self._parts:
            question = Histogram(self.whole, (metric,), self.rollout, ("arm", "epoch", "inclusion"), slice=part,
                                 live=self.live)
            self._parts[metric, part] = {Stratum(*stratum): bins
                                         for stratum, bins in histograms(self.ask(question).rows).items()}
        return self._parts[metric, part]

    def slices(self, metric: str) -> Mapping[str, Mapping[Stratum, Bins]]:
        """All slices of one store metric's histogram ("" is everything), asked at once for tables."""
        if metric not in self._slices:
            question = Histogram(self.whole, (metric,), self.rollout, ("slice", "arm", "epoch", "inclusion"),
                                 slice=None, live=self.live)
            found: dict[str, dict[Stratum, dict[int, int]]] = {}
            for (part, *stratum), bins in histograms(self.ask(question).rows).items():
                found.setdefault(part, {})[Stratum(*stratum)] = bins
            self._slices[metric] = found
        return self._slices[metric]

    def counts_of_slices(self, metric: str, prefix: str) -> dict[str, int]:
        """How many measurements each slice with this prefix has among everybody, most first; none of other people's."""
        counts = {part: sum(sum(bins.values()) for stratum, bins in strata.items() if stratum.arm in MEMBERS[EVERYBODY])
                  for part, strata in self.slices(metric).items() if part.startswith(prefix)}
        known = ((part, count) for part, count in counts.items() if count)
        return dict(sorted(known, key=lambda item: (-item[1], item[0])))

    def bins(self, metric: str, arm: str | None, part: str = "") -> Bins:
        """The histogram of one store metric for one arm."""
        return merged_bins(bins for stratum, bins in self.strata_bins(metric, part).items()
                           if stratum.arm in MEMBERS[arm])

    def prefetch_clusters(self, metrics: Iterable[str]) -> None:
        """Asks for the cluster-bucket sums of several store metrics at once."""
        wanted = tuple(sorted({metric for metric in metrics if metric not in self._buckets}))
        if wanted:
            question = Buckets(self.rollout, wanted, self.closed)
            found = self._remember(("by bucket", question), lambda: clustered(self.events.measure(question)))
            self._buckets |= {metric: found.get(metric, NOT_KEPT) for metric in wanted}

    def clusters(self, metric: str, arm: str | None) -> Mapping[int, ClusterSums]:
        """Cluster-bucket sums of one store metric for one arm; closed windows only, empty when not kept."""
        self.prefetch_clusters((metric,))
        return self._buckets[metric].sums(MEMBERS[arm])

    def share_effect(self, metric: str, arm: str | None) -> float:
        """The design effect of a share, from the same."""
        self.prefetch_clusters((metric,))
        return self._buckets[metric].share_effect(MEMBERS[arm])


CLOSED_ONLY = (ActiveSubjects, AdoptionAtAge, Buckets, ExposureCohorts, Exposed, FlagMatrix, FlagsUsed, IngestCounts,
               Retention, SpanCounts, StoredCounts)
"""Questions that are answered from closed windows alone; those about receipt are asked for whole hours that are over,
where subjects stand for full 5 minutes.
"""


def closed_only(question: Any) -> bool:
    """True when the answer cannot change before the next window is closed."""
    return isinstance(question, CLOSED_ONLY) or getattr(question, "live", True) is False


def sums_of(row: Mapping[str, Any]) -> Sums:
    """A Totals row as sums."""
    return Sums(int(row["n"]), int(row["s"] or 0), int(row["ss"] or 0), int(row["w"] or 0), row["mn"], row["mx"])


def no_data(metric: Metric, window: Window, arm: str | None = None, note: str = "",
            quality: Quality = Quality.NO_DATA) -> Measured:
    """A number that is not there."""
    return Measured(metric.key, None, None, None, 0, metric.noun, window, arm, metric.unit, quality, note)
