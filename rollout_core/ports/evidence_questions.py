"""What only decisions ask of the event store: counts in which every subject appears once. Closed windows only.

They keep to the rule that makes the sequential tests valid: a subject counts once per evidence version (a set of
epochs), under the arm and stratum it had when it counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from rollout_core.metrics.measured import Window


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Subjects by their first span by chance within `epochs`: hour, epoch, inclusion, arm, entered.

    Only compared arms are counted. Who was first seen as one formerly in, while others could be in, is none: they came
    back on one side only, and no control would stand for them (decision 93).
    """

    rollout: str
    epochs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VersionFirsts:
    """First events per subject within `epochs`, at hours in which there was one: metric, hour, epoch, inclusion,
    events_treatment, events_control, at_risk_treatment, at_risk_control (holdout counts as control).

    At risk in an hour are subjects whose span touches it and whose first event did not come before it. `anew`: every
    epoch on its own, a subject's first event in it whatever came in earlier ones.
    """

    rollout: str
    metric: str
    epochs: tuple[int, ...]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class BucketSums:
    """Cluster-bucket sums of the compared arms, a row per stratum and side (holdout counts as control): metric, epoch,
    inclusion, side, and integer arrays over the cluster buckets, not to be written to: d, x, x_capped.
    """

    rollout: str
    metrics: tuple[str, ...]
    epochs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecentSums:
    """As BucketSums, of the days from `since_day` (UTC) on."""

    rollout: str
    metrics: tuple[str, ...]
    epochs: tuple[int, ...]
    since_day: date


@dataclass(frozen=True, slots=True)
class SumsBefore:
    """What the subjects of each stratum and side did in whole days before: kind, what, epoch, inclusion, side, and
    arrays over the cluster buckets d, x. `wanted` are (kind, what) of subject_day; a what of "" takes all of the kind.
    """

    rollout: str
    window: Window
    wanted: tuple[tuple[str, str], ...]
    epochs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FirstValues:
    """The first value per subject and epoch against a reference: hour, epoch, inclusion, arm, n, above (how many of
    them exceed `reference`, in the smallest unit). Metrics: FIRSTS in storage/accumulations.py.

    First values before `since_at` (when the reference was fixed) are left out, their subjects too.
    """

    rollout: str
    metric: str
    reference: int
    epochs: tuple[int, ...]
    since_at: datetime


@dataclass(frozen=True, slots=True)
class CustomRows:
    """Custom events of one name in the order of time: occurred_at, value (millionths or None), attributes (JSON text).

    At most `limit` of them: what was imported as sums or as series, not what an application sends.
    """

    name: str
    limit: int = 500_000


@dataclass(frozen=True, slots=True)
class Crossing:
    """Subjects that entered in `epoch` on `side` (treatment or control) may be on the other one from `at` on."""

    epoch: int
    side: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Matured:
    """One yes/no outcome per subject, at the day it is known: day, epoch, inclusion, arm, n, x.

    A subject enters as a newcomer does (Newcomers) and is left out if it changes sides before its outcome is
    known. x counts subjects with an event of `kinds` within `within_hours` of entering (or, when `on_day`
    is given, on that day after it). `whats` narrows the events (flags of feature_use).

    `crossings` says from when on subjects that entered in an epoch on one side may be moved to the other. Outcomes that
    are known later are left out, of those who came back to be moved and of those who did not: who comes back is what is
    measured, so nobody may be left out for having come back.
    """

    rollout: str
    epochs: tuple[int, ...]
    kinds: tuple[str, ...]
    now: datetime
    within_hours: int = 0
    on_day: int = 0
    whats: tuple[str, ...] = ()
    crossings: tuple[Crossing, ...] = ()
