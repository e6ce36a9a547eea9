"""Imported series without sizes or control, watched by a before/after rule: alerts beside labelled incidents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from rollout_core.analysis.before_after import Alerted, alerts
from rollout_core.ports.evidence_questions import CustomRows
from rollout_core.ports.room import Room

NAME = "series"
SLACK = 2
"""An alert up to so many values after an incident's end (or before its label) still belongs to it."""


@dataclass(frozen=True, slots=True)
class WatchedSeriesRequest:
    """`series` narrows to one name."""

    series: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesAlert:
    """When a series was unlike its past; `labelled`: it lies in an incident that a person marked."""

    began_at: datetime
    ended_at: datetime
    labelled: bool


@dataclass(frozen=True, slots=True)
class WatchedSeries:
    """`found` and `missed` incidents of those labelled; `false` alerts lie in none (all, where nothing is labelled)."""

    name: str
    values: int
    incidents: int
    found: int
    missed: int
    false: int
    alerts: tuple[SeriesAlert, ...]


@dataclass(frozen=True, slots=True)
class WatchedSeriesAnswer:
    """Every series and the sums. Such alerts never act: there is no control, so nothing is proven to be caused."""

    series: tuple[WatchedSeries, ...]
    incidents: int
    found: int
    missed: int
    false: int


def answer(room: Room, request: WatchedSeriesRequest) -> WatchedSeriesAnswer:
    """Watches every imported series from its beginning. Raises StoreUnavailable."""
    rows: dict[str, list[tuple[datetime, float, bool]]] = defaultdict(list)
    for row in room.events.measure(CustomRows(NAME)).records():
        given = msgspec.json.decode(row["attributes"] or "{}")
        name = str(given.get("series", ""))
        if row["value"] is not None and request.series in (None, name):
            rows[name].append((row["occurred_at"], row["value"] / 1e6, bool(given.get("labelled"))))
    found = tuple(watched(name, values) for name, values in sorted(rows.items()))
    return WatchedSeriesAnswer(found, *(sum(getattr(each, column) for each in found)
                                        for column in ("incidents", "found", "missed", "false")))


def watched(name: str, rows: Sequence[tuple[datetime, float, bool]]) -> WatchedSeries:
    """One series of (time, value, labelled)."""
    raised = alerts([value for _, value, _ in rows])
    incidents = stretches([labelled for _, _, labelled in rows])
    found = sum(any(_belongs(alert, each) for alert in raised) for each in incidents)
    shown = tuple(SeriesAlert(rows[alert.first][0], rows[alert.last][0], any(_belongs(alert, each)
                              for each in incidents)) for alert in raised)
    return WatchedSeries(name, len(rows), len(incidents), found, len(incidents) - found,
                         sum(not each.labelled for each in shown), shown)


def stretches(labels: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """First and last place of each run of labelled values."""
    edges = [place for place, label in enumerate(labels) if label and (place == 0 or not labels[place - 1])]
    last = len(labels) - 1
    ends = [place for place, label in enumerate(labels) if label and (place == last or not labels[place + 1])]
    return tuple(zip(edges, ends, strict=True))


def _belongs(alert: Alerted, incident: tuple[int, int]) -> bool:
    return alert.first <= incident[1] + SLACK and alert.last >= incident[0] - SLACK
