"""How much is served: the planned share, and the real one counted in the register."""

from __future__ import annotations

from rollout_core.errors import InvalidRequest, StoreError
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.scene import Scene
from rollout_core.insight.status import Share
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census, Population, population
from rollout_core.rollouts.status import SERVING


def census_of(room: Room, scene: Scene) -> Census | None:
    """The last count of the eligible subjects, counted now when there was none; None without a register.

    Verbs, and the window clock when the register changed, count anew and remember; a page does not wait for a recount
    of millions.
    """
    served = population(scene.plan, scene.rollout, scene.now)
    key = f"{scene.rollout.key}:{scene.plan.version}"
    known = room.counts.recall(key, served)
    if known is not None:
        return known
    tried: list[Population] = scene.asked.setdefault("nobody counted", [])
    if served in tried:
        return None
    try:
        counted = room.events.measure(served)
    except (StoreError, InvalidRequest):
        return None
    if not isinstance(counted, Census) or not counted.eligible():
        tried.append(served)
        return None
    room.counts.remember(key, served, counted)
    return counted


def share_of(scene: Scene, census: Census | None) -> Share:
    """Planned and real share of the rollout as it is served now."""
    rollout = scene.rollout
    buckets = rollout.percentage if rollout.status in SERVING else 0
    planned = percentage_of_buckets(buckets)
    if census is None:
        return Share(planned, buckets, None, None, None)
    have = census.enrolled(rollout.thresholds) if rollout.status in SERVING else 0
    eligible = census.eligible()
    return Share(planned, buckets, have, eligible, 100 * have / eligible if eligible else None)
