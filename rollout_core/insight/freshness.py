"""Which kinds of event still arrive."""

from __future__ import annotations

from datetime import datetime

from rollout_core.insight.measuring import Measuring
from rollout_core.ports.event_questions import LastSeen


def last_seen(measuring: Measuring) -> dict[str, datetime]:
    """Kind -> its newest event, of the whole store; kinds never seen are absent."""
    return {row["kind"]: row["occurred_at"] for row in measuring.ask(LastSeen()).records()
            if row["occurred_at"] is not None}


def fresh_kinds(measuring: Measuring) -> frozenset[str]:
    """Kinds whose newest event is not older than the plan allows."""
    oldest = measuring.scene.now - measuring.scene.plan.measurement.stale_after
    return frozenset(kind for kind, at in last_seen(measuring).items() if at >= oldest)
