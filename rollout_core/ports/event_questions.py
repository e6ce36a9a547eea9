"""What may be asked of the event store: generic aggregate questions, one dataclass each. The database counts.

Every answer is `Rows`: column names and tuples of plain values; sums are integers of the metric's smallest unit
(microseconds, millionths); nothing is judged. Times are UTC-aware; windows are half open. A question whose `live` is
True reads rollups up to the watermark and raw events after it; evidence asks with `live=False` and sees closed windows
only. `rollout=None` asks for the whole store, each event counted once, whatever rollouts there are.

Arms in answers: treatment, control, holdout, former, overridden, and those that are in no comparison for another
reason: none (not eligible, paused), before (no exposure yet in the epoch in force), mixed (two arms within one epoch),
unattributed (never exposed). With `rollout=None` the arm is "all".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from rollout_core.metrics.measured import Window
from rollout_core.rollouts.census import Population

COMPARED_ARMS = ("treatment", "control", "holdout")
LEFT_OUT_ARMS = ("former", "overridden", "none", "before", "mixed", "unattributed")
WHOLE_STORE_ARM = "all"


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: `columns` name the places of each tuple; `closed_until_at` is the watermark it was read at."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    closed_until_at: datetime | None = None

    def __iter__(self) -> Any:
        return iter(self.rows)

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for code that prefers names to places."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def picked(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """These columns of every row, in this order, two or more: for answers of many rows."""
        return map(itemgetter(*(self.columns.index(name) for name in names)), self.rows)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums per group: columns `by`, then n (how many), w (sum of weights in thousandths), s (sum), ss (sum of squares),
    mn, mx. `by` takes any of metric, arm, hour, day, epoch, inclusion, flag. Metric keys: storage/accumulations.py.
    """

    window: Window
    metrics: tuple[str, ...]
    rollout: str | None = None
    by: tuple[str, ...] = ("metric", "arm")
    arms: tuple[str, ...] = ()
    flag: str | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class Histogram:
    """Log-histogram counts: columns `by`, then b (bin: floor(ln x / ln 1.02), -1 for zero), n.

    `by` takes any of metric, arm, day, epoch, inclusion, slice. `slice` "" is everything, "page:/x", "device:phone",
    "endpoint:/api/x", "component:X" are parts; None asks for all slices (with "slice" in `by`). Whole days only.
    """

    window: Window
    metrics: tuple[str, ...]
    rollout: str | None = None
    by: tuple[str, ...] = ("metric", "arm")
    arms: tuple[str, ...] = ()
    slice: str | None = ""
    live: bool = True


@dataclass(frozen=True, slots=True)
class Buckets:
    """Cluster-bucket sums for variance: metric, epoch, inclusion, arm, bucket (0..127), d, x, x_capped, x2.

    Closed windows only; `day` is added in front when `by_day`. Empty `epochs` means all.
    """

    rollout: str
    metrics: tuple[str, ...]
    window: Window
    epochs: tuple[int, ...] = ()
    by_day: bool = False


@dataclass(frozen=True, slots=True)
class Exposed:
    """Who entered: hour, phase, epoch, inclusion, arm, entered (subjects whose first span began), exposures."""

    rollout: str
    window: Window
    epochs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Firsts:
    """First event per subject and epoch: metric, epoch, inclusion, arm, hour, entered, at_risk (entered before the hour
    and without the event before it), first_events. Metrics: FIRSTS in storage/accumulations.py. Closed windows only.
    """

    rollout: str
    metrics: tuple[str, ...]
    epochs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratings:
    """Counts of feedback scores: columns `by`, then low, high (the scale), k (the score, rounded), n."""

    window: Window
    metric: str = "satisfaction"
    rollout: str | None = None
    by: tuple[str, ...] = ("arm",)
    live: bool = True


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """How many subjects have a span that covers `at`: arm, epoch, inclusion, phase, subjects."""

    rollout: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AdoptionAtAge:
    """Adoption at fixed age: arm, epoch, inclusion, exposed (first exposed in `exposed_in` and at least `age_hours`
    before `now`), tried (a feature_use within the age), used_again (on a later day within `again_days` of the first
    use; 0: not asked, which settles an answer sooner). `flag` narrows exposure and use to one flag, `flags` use to
    several.
    """

    rollout: str
    exposed_in: Window
    now: datetime
    age_hours: int
    flag: str | None = None
    flags: tuple[str, ...] = ()
    again_days: int = 7


@dataclass(frozen=True, slots=True)
class Retention:
    """Active on day N after first exposure: arm, epoch, inclusion, day_n, at_risk, active.

    Subjects whose day N is not over yet are not at risk (right-censored). `rollout` may be None: everybody of `unit`
    ever seen, from their first day on, arm "all". Active is any event of `kinds`.
    """

    exposed_in: Window
    now: datetime
    rollout: str | None = None
    unit: str | None = None
    days: tuple[int, ...] = (1, 7, 30)
    kinds: tuple[str, ...] = ("session", "feature_use", "page_view", "task", "conversion")
    within: bool = False
    """True: active again on any day up to N instead of on day N."""


@dataclass(frozen=True, slots=True)
class FlagMatrix:
    """Adopters by pairs of flags: flag_a, flag_b, subjects (the diagonal is each flag's own adopters)."""

    rollout: str
    window: Window
    arms: tuple[str, ...] = ("treatment",)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagsUsed:
    """How many flags each adopter used in the window: arm, flags, subjects."""

    rollout: str
    window: Window
    arms: tuple[str, ...] = ("treatment",)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExposureCohorts:
    """Weekly cohorts by first exposure: week (its Monday), exposed, weeks (1..), tried (used within that many weeks).

    Only weeks that are over for the whole cohort are in the answer. `flag` and `flags` narrow as in AdoptionAtAge.
    """

    rollout: str
    window: Window
    now: datetime
    weeks: int = 8
    arm: str = "treatment"
    flag: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActiveSubjects:
    """Distinct subjects per day: day, arm, epoch, inclusion, kind, what, subjects, n, x, xx (sum of each subject's x
    squared). From subject_day, each day under the arm its subject has at the day's end. `whats` narrows the rows (flags
    of feature_use).
    """

    rollout: str
    window: Window
    kinds: tuple[str, ...]
    by_what: bool = False
    whats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectDays:
    """One subject's days: day, kind, what, n, x, first_at. The workspace page and `forget`'s preview read it."""

    unit: str
    subject: str
    window: Window


@dataclass(frozen=True, slots=True)
class PrePeriod:
    """The covariate: subject_day of `window`, regrouped by the arm and cluster bucket that its subjects have in
    `epochs`: epoch, inclusion, arm, bucket, d, x. `what` "" is the whole kind.
    """

    rollout: str
    window: Window
    kind: str
    what: str = ""
    epochs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Sums in short buckets, from raw events: at (bucket's start), metric, arm, n, s, ss. Keep the window short.

    For charts finer than an hour, where an incident must stand at its minute. `where` narrows by a column of the kind.
    """

    rollout: str
    metrics: tuple[str, ...]
    window: Window
    bucket_seconds: int
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineBins:
    """Log-histogram counts in short buckets, from raw events: at, metric, arm, b, n. `where` as in Timeline."""

    rollout: str
    metrics: tuple[str, ...]
    window: Window
    bucket_seconds: int
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """One metric by the values of `column`, the `limit` most frequent ones: part, arm, epoch, inclusion, then n, s, ss;
    `binned`: b, n of the log histogram. Columns of the events: page | device | release | endpoint | name | category |
    flag; of the people: attribute.NAME | audience, by `population`, whose state `stamp` names. Reads raw events: keep
    the window short, and let it end at a full 5 minutes, so that it may be remembered (`live` False).
    """

    rollout: str
    metric: str
    column: str
    window: Window
    binned: bool = False
    limit: int = 12
    live: bool = False
    population: Population | None = field(default=None, compare=False)
    stamp: str = ""


TAIL_COLUMNS = ("what", "metric", "arm", "epoch", "inclusion", "at", "flag", "slice", "b",
                "n", "w", "s", "ss", "mn", "mx")


@dataclass(frozen=True, slots=True)
class Tail:
    """Everything that the events behind these metrics add to sums and histograms, in the finest groups: TAIL_COLUMNS.

    `what` is "sums" (per flag and minute; n, w, s, ss, mn, mx as in Totals), "bins" (per bin b and minute, slices per
    5 minutes; n only) or "ratings" of satisfaction and nps (per score b and 5 minutes, `slice` is the scale "low:high";
    n only).
    Reads raw events: for the short time after the watermark, which many questions share.
    """

    window: Window
    metrics: tuple[str, ...]
    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class TopGroups:
    """The most frequent values of one column of one kind in a window: value, arm, n, subjects, first_at, last_at.

    `kind` and `column` are checked against the event tables. Reads raw events: keep the window short.
    """

    kind: str
    column: str
    window: Window
    rollout: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ErrorGroups:
    """Errors by fingerprint: fingerprint, category, severity, name, message, first_at, last_at, release, n, subjects.

    n and subjects within the window, first and last seen of all time. `besides`: subjects without such an error in the
    same arm within that earlier window, so that the answers about both add up. Reads raw errors.
    """

    window: Window
    rollout: str | None = None
    limit: int = 100
    search: str = ""
    besides: Window | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class EventPage:
    """Raw rows of one kind, newest first, before `before_at`; at most `limit` (1..1000).

    With a `rollout` only rows of its unit, each with the `arm` its subject was in at that moment; with `said` only
    those that have something in this column.
    """

    kind: str
    window: Window
    before_at: datetime | None = None
    limit: int = 100
    rollout: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Refused events, newest first: received_at, reason, detail, event_id, kind, sender, raw."""

    limit: int = 100
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many dead letters there are: reason, n."""


@dataclass(frozen=True, slots=True)
class DaysAside:
    """Days whose rollups could not be rebuilt: the places of DayAside, oldest first."""


@dataclass(frozen=True, slots=True)
class IngestCounts:
    """Ingest per hour: hour, kind, outcome (stored | duplicate | a refusal's reason), n."""

    window: Window


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """What became of the writes acknowledged in the window: kind, n (rows in the tables), and as kind "acknowledged"
    how many were said to be stored."""

    window: Window


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of each (kind, first instant to keep): kind, n (rows there are), oldest_at, goes (rows before).

    Besides the kinds of events: text (rows that hold one), dead_letter, subject_day.
    """

    kinds: tuple[tuple[str, datetime], ...]


EVERYTHING = "everything"
"""The name of the stamp in Watermarks that is new when more than some days has changed."""


@dataclass(frozen=True, slots=True)
class Watermarks:
    """How far windows are closed (name, reached_at), the newest rebuild of a day and what changed all days at once: a
    mirror, an erasure (name, stamp). Equal answers mean that nothing closed has changed since."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The newest event of each kind: kind, occurred_at; `counted`: stored, too (events of the kind there are)."""

    counted: bool = False


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest row per name of health_check or per ticket/issue: kind's own columns, one row per `name`."""

    kind: str
    since_at: datetime


Question = (Totals | Histogram | Tail | Buckets | Exposed | Firsts | Ratings | SpanCounts | AdoptionAtAge | Retention
            | FlagMatrix | FlagsUsed | ExposureCohorts | Timeline | TimelineBins | Parts | ActiveSubjects | SubjectDays
            | PrePeriod | TopGroups | ErrorGroups | EventPage | DeadLetters | Refusals | DaysAside
            | IngestCounts | StoredCounts | Kept | Watermarks | LastSeen | Latest)
