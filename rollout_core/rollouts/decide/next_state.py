"""What every decision answers: the rollout before and after, and the epoch that the change opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rollout_core.errors import InvalidPercentage, TransitionRefused
from rollout_core.flags.anchors import Anchors
from rollout_core.flags.bucketing import BUCKETS
from rollout_core.rollouts.filling import Filled, Filling
from rollout_core.rollouts.rollout import Epoch, Rollout, anchors_of
from rollout_core.rollouts.status import TRANSITIONS, Status, Verb


@dataclass(frozen=True, slots=True)
class Next:
    """A decision: nothing has happened yet. `epoch` is the one to open, None when thresholds and flags stay."""

    before: Rollout
    rollout: Rollout
    epoch: Epoch | None = None
    filling: Filling | None = None

    @property
    def changed(self) -> bool:
        """False when the rollout already is as asked."""
        return self.rollout is not self.before

    @property
    def raises_exposure(self) -> bool:
        """True when an audience's threshold rises, a flag is added, or the holdout lets subjects go."""
        before, after = self.before, self.rollout
        serves = any(after.thresholds.values())
        return (any(value > before.thresholds.get(key, 0) for key, value in after.thresholds.items())
                or (serves and not after.served <= before.served)
                or (serves and after.holdout.buckets < before.holdout.buckets))


def status_after(rollout: Rollout, verb: Verb) -> Status:
    """The status a verb leads to. Raises TransitionRefused, naming what can be done instead."""
    if (rollout.status, verb) not in TRANSITIONS:
        possible = sorted(other.value for status, other in TRANSITIONS if status is rollout.status)
        raise TransitionRefused(f"{rollout.name} is {rollout.status.value}: it cannot {verb.value.replace('_', ' ')}.",
                                mend=f"From here: {', '.join(possible).replace('_', ' ')}.", rollout=rollout.key,
                                status=rollout.status.value, verb=verb.value)
    return TRANSITIONS[rollout.status, verb] or rollout.status


def change(rollout: Rollout, now: datetime, cause: Verb, filling: Filling | None = None, **fields: Any) -> Next:
    """The rollout with these fields, one revision on; opens an epoch if thresholds, flags, the holdout or, while
    somebody is served, the evidence version change."""
    if filling is not None:
        fields |= {"thresholds": filling.thresholds, "raises": filling.raises, "percentage": filling.percentage}
    after = replace(rollout, **fields)
    if after == rollout:
        return Next(rollout, rollout, filling=filling)
    after = replace(after, revision=rollout.revision + 1, ever=_highest(rollout.ever, after.thresholds),
                    anchors=_anchors(rollout, after, now))
    if not _opens_epoch(rollout, after, cause):
        return Next(rollout, after, filling=filling)
    after = replace(after, epoch=rollout.epoch + 1, epoch_began_at=now)
    return Next(rollout, after, _epoch(after, now, cause), filling)


def filled(rollout: Rollout) -> Filled:
    """What filling looks at."""
    return Filled(rollout.thresholds, rollout.raises)


def nobody(rollout: Rollout) -> dict[str, int]:
    """The same audiences with threshold 0."""
    return dict.fromkeys(rollout.thresholds, 0)


def check_percentage(percentage: int) -> None:
    """Raises InvalidPercentage unless this is a whole number of buckets from 0 to BUCKETS."""
    if isinstance(percentage, bool) or not isinstance(percentage, int) or not 0 <= percentage <= BUCKETS:
        raise InvalidPercentage(f"{percentage!r} is not a share in buckets.", mend=f"Give an integer 0 to {BUCKETS}.",
                                percentage=percentage)


def _opens_epoch(before: Rollout, after: Rollout, cause: Verb) -> bool:
    """Thresholds, served flags, the holdout or the rules (a migration) differ, or evidence begins anew for those who
    are served: without an epoch of its own nothing would be judged, and no harm found, until the next change."""
    anew = before.evidence_version != after.evidence_version and bool(_nonzero(after.thresholds))
    return (_nonzero(before.thresholds) != _nonzero(after.thresholds) or before.served != after.served
            or before.holdout != after.holdout or cause is Verb.MIGRATE_PLAN or anew)


def _epoch(rollout: Rollout, now: datetime, cause: Verb) -> Epoch:
    return Epoch(rollout=rollout.key, number=rollout.epoch, began_at=now, phase=rollout.phase,
                 percentage=rollout.percentage, thresholds=rollout.thresholds, ever=rollout.ever,
                 served=rollout.served, cause=cause.value, evidence_version=rollout.evidence_version,
                 anchors=rollout.anchors)


def _anchors(before: Rollout, after: Rollout, now: datetime) -> Anchors | None:
    """A threshold above what was served (or was, before a pause) is a raise: people are looked at anew, and join only.
    """
    served = _highest(before.thresholds, before.remembered_thresholds)
    if all(value <= served.get(key, 0) for key, value in after.thresholds.items()):
        return before.anchors
    return anchors_of(before, now).raised(now, _nonzero(after.thresholds))


def _nonzero(thresholds: Mapping[str, int]) -> dict[str, int]:
    return {key: value for key, value in thresholds.items() if value}


def _highest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}
