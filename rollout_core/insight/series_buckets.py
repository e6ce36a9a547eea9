"""How wide the points of a chart over time are: as wide as readers name them, and as their numbers bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from rollout_core.insight.series import FEWEST_POINTS, MOST_POINTS
from rollout_core.metrics.aggregates import Sums, merged_bins
from rollout_core.metrics.measured import Window

WIDTHS = (60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800)
"""Widths of a bucket in seconds that people read without a pencil."""

HOUR, DAY = 3_600, 86_400
RAW_UP_TO = timedelta(days=2)
"""Longer windows are read from rollups, by the hour (percentiles: by the day)."""


def width_of(window: Window, points: int, *, binned: bool, narrowed: bool) -> int:
    """The narrowest readable width with at most `points` buckets (never over 2,000).

    Long windows come from rollups: at least an hour, a day for percentiles.
    """
    length = window.until_at - window.since_at
    most = max(1, min(points, MOST_POINTS))
    least = 0 if length <= RAW_UP_TO or narrowed else DAY if binned else HOUR
    fits = [width for width in WIDTHS if width >= least and length.total_seconds() / width <= most]
    return fits[0] if fits else WIDTHS[-1]


def coarser(counted: Sequence[Mapping[datetime, Any]], window: Window, seconds: int, sample: int) -> int:
    """The narrowest width, from `seconds` on, whose usual bucket stands on `sample` measurements in each of the lines
    `counted`, with FEWEST_POINTS buckets left. A width holds whole ones of those before it: buckets are only joined.
    """
    length = (window.until_at - window.since_at).total_seconds()
    fitting = [width for width in WIDTHS if width >= seconds and length / width >= FEWEST_POINTS] or [seconds]
    for width in fitting:
        usual = [median(_size(each) for each in joined(line, width).values()) for line in counted if line]
        if not usual or min(usual) >= sample:
            return width
    return fitting[-1]


def _size(bucket: Any) -> int:
    return bucket.n if isinstance(bucket, Sums) else sum(bucket.values())


def joined(buckets: Mapping[datetime, Any], seconds: int) -> dict[datetime, Any]:
    """Buckets put together into wider ones."""
    width, found = timedelta(seconds=seconds), {}
    for at, bucket in buckets.items():
        place = bucket_of(at, width)
        if place not in found:
            found[place] = bucket
        elif isinstance(bucket, Sums):
            found[place] = found[place] + bucket
        else:
            found[place] = merged_bins((found[place], bucket))
    return found


def grid_of(window: Window, seconds: int) -> list[datetime]:
    """Starts of the buckets, aligned to the clock."""
    width = timedelta(seconds=seconds)
    begin = bucket_of(window.since_at, width)
    count = -(-(window.until_at - begin) // width)
    return [begin + place * width for place in range(count)]


def bucket_of(moment: datetime, width: timedelta) -> datetime:
    """The beginning of the bucket that holds a moment; buckets are aligned to the clock and to Mondays."""
    origin = datetime(1970, 1, 5, tzinfo=moment.tzinfo)          # a Monday, so that weeks begin on one
    return origin + (moment - origin) // width * width
