"""Which kinds of event still arrive."""

from __future__ import annotations

from datetime import datetime

from rollout_core.insight.measuring import Measuring
from rollout_core.ports.event_questions import LastSeen, Rows
from rollout_core.ports.event_store import EventStore

FLOW = ("exposure", "session", "page_view", "api_request", "web_vital", "feature_use")
"""Kinds that come all the time while anybody uses the application."""


def newest_events(events: EventStore) -> dict[str, datetime]:
    """Kind -> its newest event, of the whole store; kinds never seen are absent."""
    return _newest(events.measure(LastSeen()))


def _newest(rows: Rows) -> dict[str, datetime]:
    return {row["kind"]: row["occurred_at"] for row in rows.records() if row["occurred_at"] is not None}


def fresh_kinds(measuring: Measuring) -> frozenset[str]:
    """Kinds whose newest event is not older than the plan allows; told once of a scene, for every number asks."""
    scene = measuring.scene
    oldest = scene.now - scene.plan.measurement.stale_after
    if ("fresh", oldest) not in scene.asked:
        newest = _newest(measuring.ask(LastSeen()))
        scene.asked["fresh", oldest] = frozenset(kind for kind, at in newest.items() if at >= oldest)
    fresh: frozenset[str] = scene.asked["fresh", oldest]
    return fresh
