"""What a rehearsal came to: every change of mind, and the share that happened beside the share it would have left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.control.sweep import Swept
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.rollouts.ladder import REDUCTIONS, Act
from rollout_core.rollouts.rollout import Epoch

CAPS = (*REDUCTIONS, Act.STEP_BACK)
"""Acts that would have left less exposure than there was."""

LIFTS = ("resume",)
"""Causes of an epoch with which a person lifted a reduction in what happened."""


@dataclass(frozen=True, slots=True)
class SharePoint:
    """From `at` on: percent that really had it, and percent that the rehearsed rules would have left at most."""

    at: datetime
    happened: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would have been decided, in order of time; each decision stands from its instant until the next.

    `sweeps` were run, the last one at `reached_at`; `finished` False: it was stopped before the end of the period.
    `variant`: its rules were no stored version of the plan, but the version's text written otherwise.
    Nobody was served otherwise than they were: after a first reduction the events are still those of what happened.
    """

    rollout: str
    plan_version: int
    sweeps: int
    decisions: tuple[Swept, ...]
    share: tuple[SharePoint, ...] = ()
    reached_at: datetime | None = None
    finished: bool = True
    variant: bool = False


def looks(since_at: datetime, until_at: datetime, every: timedelta, began_at: datetime | None) -> int:
    """How often a rehearsal looks: at both ends of the period too, but never before the rollout began."""
    if began_at is None or until_at < since_at:
        return 0
    unseen = -((since_at - began_at) // every) if began_at > since_at else 0
    return max((until_at - since_at) // every + 1 - unseen, 0)


def is_another(swept: Swept, before: Swept) -> bool:
    """Whether it is another decision than the one before. Where nothing is asked for, what it waits for tells: in the
    next phase that is another thing."""
    if (swept.act, swept.because) != (before.act, before.because):
        return True
    return swept.act == Act.NONE and swept.words != before.words


def share_over_time(epochs: Iterable[Epoch], decisions: Iterable[Swept], since_at: datetime,
                    until_at: datetime) -> tuple[SharePoint, ...]:
    """Steps of both shares. A reduction caps what is allowed until a person really resumed; nothing is ever added,
    since people who were not served left no events that could be judged."""
    changes: list[tuple[datetime, int, Epoch | Swept]] = [(epoch.began_at, 0, epoch) for epoch in epochs]
    changes += [(each.swept_at, 1, each) for each in decisions if each.to is not None and each.act in CAPS]
    happened, cap, points = 0.0, 100.0, list[SharePoint]()
    for at, _, change in sorted(changes, key=lambda each: each[:2]):
        if at > until_at:
            break
        if isinstance(change, Epoch):
            happened = percentage_of_buckets(change.percentage)
            cap = 100.0 if change.cause in LIFTS else cap
        else:
            cap = min(cap, change.to or 0.0)
        point = SharePoint(max(at, since_at), happened, min(happened, cap))
        if points and points[-1].at == point.at:
            points.pop()
        points.append(point)
    if points and points[-1].at < until_at:
        points.append(replace(points[-1], at=until_at))
    return tuple(points)
