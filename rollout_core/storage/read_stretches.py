"""Cutting a window into what the rollups hold and what only the raw events can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rollout_core.metrics.measured import Window
from rollout_core.storage.window_sources import Stretch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """`rolled` is read from rollups (whole hours or days, as far as the watermark); `raw` from events."""

    rolled: Window | None
    raw: tuple[Window, ...]


def parts_of(window: Window, closed_until_at: datetime | None, grain: timedelta, *, live: bool) -> Parts:
    """Rollup before the watermark, raw after it; and raw at an edge that lies within an hour (or day).

    The rollups of the watermark's own hour (day) end at the watermark: they are read whole when the window reaches it.
    `live` False leaves out everything after the watermark.
    """
    until_at = window.until_at
    if not live:
        if closed_until_at is None or closed_until_at <= window.since_at:
            return Parts(None, ())
        until_at = min(until_at, closed_until_at)
    closed = closed_until_at or window.since_at
    since_at = _ceil(window.since_at, grain)
    end_at = closed if until_at >= closed else _floor(until_at, grain)
    if closed_until_at is None or end_at <= since_at:
        return Parts(None, (Window(window.since_at, until_at),))
    raw = [Window(window.since_at, since_at), Window(end_at, until_at)]
    return Parts(Window(since_at, end_at), tuple(part for part in raw if part.since_at < part.until_at))


def stretch_of(window: Window) -> Stretch:
    """The same as the write side understands it."""
    return Stretch(naive(window.since_at), naive(window.until_at))


def naive(moment: datetime) -> datetime:
    """UTC without its zone, as the tables keep it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _floor(moment: datetime, grain: timedelta) -> datetime:
    return moment - (moment - EPOCH) % grain


def _ceil(moment: datetime, grain: timedelta) -> datetime:
    floor = _floor(moment, grain)
    return floor if floor == moment else floor + grain
