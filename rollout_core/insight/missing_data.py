"""Has data stopped arriving? Silence is only missing data where something usually arrives: nights are quiet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rollout_core.insight.freshness import FLOW, newest_events
from rollout_core.insight.scene import Scene
from rollout_core.insight.words import instant
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Totals
from rollout_core.ports.event_store import EventStore
from rollout_core.rollouts.status import SERVING

SESSIONS, WITHIN = "session_errors", ("request_errors", "page_views")
"""Store metrics whose n is how many sessions there were, and how many requests and page views within them."""

A_VISIT = 5
"""So many requests and page views count as one session where sessions are not sent: they come together."""

EXPECTED = 20
"""So many have to be usual in a stretch before its silence says anything; 0 where 20 are expected is no accident."""

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def missing_data(events: EventStore, scene: Scene) -> tuple[bool, str]:
    """(True when nothing arrives of the kinds that always come while something is served, what was seen in words).

    Silence counts once it is longer than the plan's `stale_after` and the same stretch a week (or a day) ago brought
    something, after a day in any case. A store that is younger than a day has no habits: `stale_after` alone decides.
    """
    if scene.rollout.status not in SERVING or scene.rollout.percentage == 0:
        return False, "nothing is served, so nothing has to arrive"
    newest = max((at for kind, at in newest_events(events).items() if kind in FLOW), default=None)
    if newest is None:
        return True, "no event has ever arrived"
    words = f"no event since {instant(newest)}"
    if scene.now - newest <= scene.plan.measurement.stale_after:
        return False, words
    usual = max(_arrived(events, newest - ago, scene.now - ago) for ago in (WEEK, DAY))
    return _silent(events, scene, newest, usual, words)


def stopped(events: EventStore, scene: Scene, kinds: Iterable[str]) -> bool:
    """Whether what a number is made of no longer comes: nothing comes at all that should, or of these kinds nothing for
    a day."""
    if missing_data(events, scene)[0]:
        return True
    seen = newest_events(events)
    newest = max((seen[kind] for kind in kinds if kind in seen), default=None)
    return newest is None or scene.now - newest >= DAY


def _silent(events: EventStore, scene: Scene, newest: datetime, usual: int, words: str) -> tuple[bool, str]:
    """What a silence longer than the plan's time means, where `usual` came in the same stretch before."""
    if scene.now - newest >= DAY:
        return True, words
    if usual >= EXPECTED:
        return True, f"{words}; {usual:,} sessions came in the same time a week or a day ago"
    if _arrived(events, newest - WEEK - DAY, newest - DAY) == 0:
        return True, f"{words}, and the store is too young to know quiet hours"
    return False, f"{words}; it is as quiet as at this time a week ago"


def _arrived(events: EventStore, since_at: datetime, until_at: datetime) -> int:
    if until_at <= since_at:
        return 0
    rows = events.measure(Totals(Window(since_at, until_at), (SESSIONS, *WITHIN), None, ("metric",))).records()
    counts = {row["metric"]: int(row["n"] or 0) for row in rows}
    return max(counts.get(SESSIONS, 0), sum(counts.get(name, 0) for name in WITHIN) // A_VISIT)
