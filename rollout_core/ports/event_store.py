"""The event store as the core sees it: few methods. No update and no delete of single events is in the contract.

`measure` is the one door for reading: the questions are in `event_questions.py`. Every method may be called from any
thread. All raise StoreUnavailable while the store is closed or being reopened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from rollout_core.metrics.event_checks import Accepted, Rejected
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.ports.event_questions import Question, Rows
from rollout_core.ports.free_disk import LEAST_BYTES

UNUSABLE = (ValueError, TypeError, ArithmeticError)
"""What becomes of a value that no column holds (Arrow's errors are among these): the store is well, the events are not.
"""


class Prepared(Protocol):
    """Accepted events in the form that the store writes; what is inside is the store's own."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def names(self) -> Sequence[tuple[str, str]]:
        """(kind, event_id) of each."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written together or not at all: `events`, and those that are `prepared` already.

    `token` makes a repetition harmless: the same token is written once. `ordered` says that the events come sorted by
    time (an import): duplicates are then looked for in one stretch.
    """

    events: Sequence[Accepted]
    received_at: datetime
    rejected: Sequence[Rejected] = ()
    token: str | None = None
    sender: str = ""
    ordered: bool = False
    prepared: Sequence[Prepared] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch. `repeated` True: its token was known, nothing was done. `refused` were sound by
    themselves but not for this store (a fifth unit) and lie with the dead letters. `known` are the (kind, event_id)
    that an earlier batch had brought."""

    stored: int
    duplicates: int
    rejected: int
    repeated: bool = False
    refused: tuple[Rejected, ...] = ()
    known: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """What a pass of `close_windows` did. Everything before `until_at` is in the rollups."""

    until_at: datetime
    spans_changed: int
    days_rebuilt: int
    behind: int = 0
    """Days that are still waiting to be rebuilt (a large import is worked off in several passes)."""
    aside: tuple[date, ...] = ()
    """Days that could not be rebuilt in this pass; they are tried again later."""


@dataclass(frozen=True, slots=True)
class MirroredRollout:
    """What windows need to know of a rollout."""

    rollout: str
    unit: str
    lateness: timedelta = timedelta(minutes=2)
    names: frozenset[str] = frozenset()
    """Flags and other names its plan knows: in rollups they keep rows of their own, however rare they are."""


@dataclass(frozen=True, slots=True)
class MirroredEpoch:
    """An epoch as the event store knows it; it ends where the rollout's next one begins. Shares are buckets."""

    rollout: str
    epoch: int
    began_at: datetime
    phase: str | None = None
    percentage: int = 0
    thresholds: Mapping[str, int] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    cause: str = ""


@dataclass(frozen=True, slots=True)
class FrozenValue:
    """A cap (`purpose` "cap") or a reference ("above...": the share of values above it is accumulated as metric
    "<purpose>:<metric>"), fixed before the data it is applied to.

    `value` is in the metric's smallest unit; `from_at` None: from the watermark on, when it is first mirrored.
    """

    rollout: str
    metric: str
    purpose: str
    value: int
    from_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` removed, rows by table, and the files that may still hold the subject."""

    removed: Mapping[str, int]
    still_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retained:
    """What retention did: per kind the days exported and dropped, and the files written."""

    dropped: Mapping[str, int]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a user's SQL. `capped` True: there were more rows than are shown. `types` as the store names them.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    capped: bool
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayAside:
    """A day whose rollups could not be rebuilt: the newest attempt, how many there were, and the database's words."""

    day: date
    failed_at: datetime
    tries: int
    why: str


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """What doctor reports of the event store. `holder_pid` is the process that owns the file; `problems` are sentences
    and empty when all is well."""

    path: str
    version: int
    file_bytes: int
    wal_bytes: int
    free_bytes: int
    holder_pid: int | None
    closed_until_at: datetime | None
    days_behind: int
    rows: Mapping[str, int]
    dead_letters: Mapping[str, int]
    problems: tuple[str, ...] = ()
    aside: tuple[DayAside, ...] = ()
    least_free_bytes: int = LEAST_BYTES
    """Below so much free disk events are refused."""


class Asked(Protocol):
    """What can be asked."""

    def measure(self, question: Question | Any) -> Rows:
        """Answers a question of `event_questions.py` (or one registered by another room, such as the census)."""
        ...


class EventStore(Protocol):
    """Append-only events, the spans and rollups made from them, and generic questions over both."""

    def write(self, batch: Batch) -> Written:
        """Writes a batch in one transaction; when it returns, the batch survives a crash. Raises DiskFull."""
        ...

    def prepare(self, sheets: Sequence[Sheet]) -> Prepared | None:
        """Brings events into the form that `write` takes, in the caller's thread while they are still at hand. None
        where only `write` can do it: a unit is named for the first time, or a value fits no column."""
        ...

    def close_windows(self, now: datetime, *, days: int = 60) -> Closed:
        """Builds spans from new exposures, closes due windows, rebuilds days that late events touched (at most
        `days` of them in one pass). Idempotent. A day that cannot be rebuilt is put aside, the others go on."""
        ...

    def mirror(self, rollouts: Sequence[MirroredRollout], epochs: Sequence[MirroredEpoch],
               frozen: Sequence[FrozenValue] = ()) -> None:
        """Replaces the mirror of rollouts and epochs by these; new rollouts get their history counted."""
        ...

    def mirror_subjects(self, unit: str, subjects: Iterable[tuple[str, Mapping[str, Any] | None]]) -> int:
        """Upserts (id, attributes) of the register's columnar mirror; returns how many. Attributes None: it left the
        register, and so its mirror; its events stay."""
        ...

    def measure(self, question: Question | Any) -> Rows:
        """Answers a question of `event_questions.py` (or one registered by another room, such as the census)."""
        ...

    def one_state(self) -> AbstractContextManager[Asked]:
        """For one thread and a short time: answers that are all of the store as it was when this began, whatever is
        written or closed meanwhile; each costs less than one of `measure`."""
        ...

    def query(self, sql: str, *, limit: int = 10_000, seconds: float = 10.0,
              called_off: Event | None = None) -> Found:
        """A user's single SELECT or EXPLAIN over the allowed views; it ends early once `called_off` is set. Raises
        QueryRefused."""
        ...

    def forget(self, unit: str, subject: str) -> Forgotten:
        """Removes a subject from events, spans, subject days, register mirror and dead letters."""
        ...

    def forget_keys(self, keys: Collection[int]) -> Mapping[str, int]:
        """The same for subjects of whom only the key is known, whatever their unit; rows removed by table."""
        ...

    def retain(self, keep_days: Mapping[str, int], now: datetime, export_to: Path | None) -> Retained:
        """Per kind: exports the days older than kept to Parquet (if a directory is given), then drops them."""
        ...

    def export(self, directory: Path, *, tables: Sequence[str] = (), since: date | None = None,
               until: date | None = None) -> tuple[Path, ...]:
        """Writes tables (default: all event kinds) as Parquet, one file a table; times are UTC."""
        ...

    def snapshot(self, path: Path) -> Path:
        """A copy of the whole store in a new file, consistent, while writing goes on. Raises DiskFull."""
        ...

    def condition(self) -> StoreCondition:
        """What doctor wants to know; never raises for a broken store but says so in `problems`."""
        ...

    def close(self) -> None:
        """Checkpoints and releases the file."""
        ...
