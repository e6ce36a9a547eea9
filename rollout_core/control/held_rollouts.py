"""Rollouts after a restore: held, and serving no more than either the backup or the present did. Pure but for saving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rollout_core.flags.anchors import Anchors
from rollout_core.flags.holdout import Holdout
from rollout_core.ports.control_store import ControlUnit
from rollout_core.rollouts.rollout import Epoch, Rollout, anchors_of
from rollout_core.rollouts.status import SERVING, Status

CAUSE = "restore"
LOWER = (Status.STOPPED, Status.PAUSED)
"""A status that serves nobody wins over one that serves, whichever side it is on."""


def hold_all(live: ControlUnit, copy: ControlUnit, now: datetime) -> list[str]:
    """Puts every rollout of both sides into the copy, held, in a new epoch. The keys of those that had started."""
    present = {rollout.key: rollout for rollout in live.rollouts.all()}
    restored = {rollout.key: rollout for rollout in copy.rollouts.all()}
    for key in sorted(present | restored):
        one, other = restored.get(key), present.get(key)
        after = held(one or other, other or one, now)  # type: ignore[arg-type]
        copy.rollouts.save(after, one.revision if one else None)
        copy.epochs.add(_epoch(after, now))
        _lower_overrides(live, copy, key, known=other is not None)
    return sorted(key for key, rollout in (present | restored).items() if rollout.started_at is not None)


def held(restored: Rollout, present: Rollout, now: datetime) -> Rollout:
    """The lesser of both: thresholds, flags and status; the larger holdout; numbers beyond any that were seen.

    Rules may differ between plan versions, so the present one is kept: thresholds mean the same people as now.
    """
    same = restored.salt == present.salt
    thresholds = _least(restored.thresholds, present.thresholds) if same else {}
    status = _status(restored.status, present.status)
    serves = status in SERVING
    served = {key: value if serves else 0 for key, value in thresholds.items()}
    remembered = _least(_remembered(restored), _remembered(present)) if same else {}
    return replace(
        restored, status=status, plan_version=present.plan_version,
        percentage=min(restored.percentage, present.percentage) if serves and same else 0, thresholds=served,
        raises=present.raises if same else (), served=restored.served & present.served,
        ever=_most(restored.ever, present.ever), holdout=_larger(restored.holdout, present.holdout),
        remembered=None if serves else min(_share(restored), _share(present)),
        remembered_thresholds={} if serves else remembered, autopilot=present.autopilot,
        started_at=restored.started_at or present.started_at, epoch=max(restored.epoch, present.epoch) + 1,
        epoch_began_at=now, anchors=_anchors(restored, present), revision=max(restored.revision, present.revision) + 1,
        evidence_version=max(restored.evidence_version, present.evidence_version) + 1)


def _status(one: Status, other: Status) -> Status:
    """Stopped before paused before held; a rollout that never served keeps its own status."""
    for lower in LOWER:
        if lower in (one, other):
            return lower
    return Status.HELD if one in SERVING and other in SERVING else min(one, other, key=list(Status).index)


def _remembered(rollout: Rollout) -> Mapping[str, int]:
    return rollout.thresholds if rollout.remembered is None else rollout.remembered_thresholds


def _share(rollout: Rollout) -> int:
    return rollout.percentage if rollout.remembered is None else rollout.remembered


def _least(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: min(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}


def _most(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}


def _larger(one: Holdout, other: Holdout) -> Holdout:
    return one if one.buckets > other.buckets else other


def _anchors(restored: Rollout, present: Rollout) -> Anchors | None:
    """Where time conditions look from, so that nobody belongs to an audience now who did not on both sides."""
    if not any(present.ever.values()):
        return restored.anchors
    mine = anchors_of(present, present.created_at)
    return mine.lesser(anchors_of(restored, restored.created_at)) if any(restored.ever.values()) else mine


def _epoch(rollout: Rollout, now: datetime) -> Epoch:
    return Epoch(rollout.key, rollout.epoch, now, rollout.phase, rollout.percentage, rollout.thresholds, rollout.ever,
                 rollout.served, CAUSE, rollout.evidence_version, rollout.anchors)


def _lower_overrides(live: ControlUnit, copy: ControlUnit, key: str, *, known: bool) -> None:
    """Keeps "off" of both sides; "on" only where it is on now too."""
    present = {(each.subject, each.flag): each for each in live.overrides.of(key)}
    for each in copy.overrides.of(key):
        now = present.get((each.subject, each.flag))
        if known and each.value and (now is None or not now.value):
            copy.overrides.remove(key, each.subject, each.flag)
    for each in present.values():
        if not each.value:
            copy.overrides.set(each)
