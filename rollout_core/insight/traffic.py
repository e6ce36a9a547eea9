"""How much arrives: page views, requests and uses of features per bucket, of everybody in the rollout's unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.insight.freshness import FLOW, newest_events
from rollout_core.insight.measure import RARE
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.series import MOST_POINTS
from rollout_core.insight.series_buckets import HOUR, WIDTHS, bucket_of
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Timeline, Totals
from rollout_core.ports.room import Room

FLOWS: Mapping[str, str] = {
    "page_views": "Page views", "request_errors": "Requests", "feature_use": "Uses of features",
}
"""Store metric whose n is the count -> what people call it."""


@dataclass(frozen=True, slots=True)
class TrafficRequest:
    """Window as in MetricsRequest; `points` how many buckets at most (never over 2,000)."""

    rollout: str | None = None
    window: str = "day"
    since_at: datetime | None = None
    until_at: datetime | None = None
    points: int = 72


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of traffic: events per minute in each bucket. None: before the first event, and after the
    last one once the source is stale."""

    key: str
    name: str
    per_minute: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TrafficAnswer:
    """`at` are the buckets' beginnings. `last_event_at`: the newest event of a kind that always comes, of the store;
    `newest` that of every kind.

    `stale`: it is older than the plan allows (`stale_after_seconds`), so the numbers stand still.
    """

    rollout: str
    window: Window
    bucket_seconds: int
    at: tuple[datetime, ...]
    flows: tuple[Flow, ...]
    last_event_at: datetime | None
    stale_after_seconds: int
    stale: bool
    computed_at: datetime
    newest: tuple[tuple[str, datetime], ...] = ()

    @property
    def heard_at(self) -> datetime | None:
        """The newest event of any kind, as the overview names it."""
        return max((at for _, at in self.newest), default=self.last_event_at)

    def newest_of(self, metric: str) -> datetime | None:
        """The newest event of the kinds whose silence makes this metric of the catalogue stale."""
        steady = set(CATALOG[metric].source) - RARE
        return max((at for kind, at in self.newest if kind in steady), default=None)


def answer(room: Room, request: TrafficRequest) -> TrafficAnswer:
    """Counts of closed and open windows. Raises InvalidRequest for an unusable window."""
    here = scene(room, request.rollout)
    window = window_of(request.window, here.rollout, here.now, request.since_at, request.until_at)
    seconds = width_of(window, request.points)
    newest = newest_events(room.events)
    last = max((at for kind, at in newest.items() if kind in FLOW), default=None)
    buckets = grid(window, seconds)
    counts = _counts(Measuring(room.events, here, window), seconds)
    after = here.plan.measurement.stale_after
    stale = last is not None and here.now - last > after
    until_at = last if stale else here.now
    flows = tuple(Flow(key, name, per_minute(counts.get(key, {}), buckets, seconds, until_at))
                  for key, name in FLOWS.items())
    return TrafficAnswer(here.rollout.key, window, seconds, buckets, flows, last, int(after.total_seconds()), stale,
                         here.now, tuple(newest.items()))


def width_of(window: Window, points: int) -> int:
    """The narrowest readable width that is at least a minute and gives at most `points` buckets."""
    length = (window.until_at - window.since_at).total_seconds()
    most = max(1, min(points, MOST_POINTS))
    return next((width for width in WIDTHS if length / width <= most), WIDTHS[-1])


def grid(window: Window, seconds: int) -> tuple[datetime, ...]:
    """Beginnings of the whole buckets inside the window: broken ones at its ends would look like a drop."""
    width = timedelta(seconds=seconds)
    first = bucket_of(window.since_at, width)
    first = first if first == window.since_at else first + width
    return tuple(first + place * width for place in range(max(0, (window.until_at - first) // width)))


def per_minute(counts: Mapping[datetime, int], buckets: tuple[datetime, ...], seconds: int,
               heard_until: datetime | None) -> tuple[float | None, ...]:
    """Events per minute. A bucket without any is 0 between the first one with some and `heard_until`, and None outside:
    silence of the whole source is no data, not zero."""
    known = [at for at in buckets if counts.get(at)]
    if not known or heard_until is None:
        return (None,) * len(buckets)
    return tuple(counts.get(at, 0) * 60 / seconds if known[0] <= at <= heard_until else None for at in buckets)


def _counts(measuring: Measuring, seconds: int) -> dict[str, dict[datetime, int]]:
    """Counts per metric and bucket: raw below an hour, else from hourly rollups."""
    keys = tuple(FLOWS)
    if seconds < HOUR:
        rows = measuring.ask(Timeline(measuring.rollout, keys, measuring.window, seconds)).records()
        column = "at"
    else:
        rows = measuring.ask(Totals(measuring.window, keys, measuring.rollout, ("metric", "hour"))).records()
        column = "hour"
    found: dict[str, dict[datetime, int]] = {}
    for row in rows:
        into = found.setdefault(row["metric"], {})
        at = bucket_of(row[column], timedelta(seconds=seconds))
        into[at] = into.get(at, 0) + int(row["n"])
    return found
