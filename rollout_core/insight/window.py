"""Which stretch of time a question means: a word, or two instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.measured import Window
from rollout_core.rollouts.rollout import Rollout

STEP = timedelta(minutes=5)
"""The width of a window that is closed as a whole."""
BACK = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)
"""A window lies between: a time further away is a slip of the pen, and calendars end somewhere."""
WORDS = ("phase", "epoch", "rollout", *BACK)


def window_of(word: str, rollout: Rollout, now: datetime, since_at: datetime | None = None,
              until_at: datetime | None = None) -> Window:
    """The window from `since_at` or the word's beginning to `until_at` or now. Raises InvalidRequest.

    Before a rollout has begun, `phase`, `epoch` and `rollout` are the last 24 hours. What is counted back from the end
    begins with full 5 minutes, so that what is closed of it is the same for every look until more is closed.
    """
    end = until_at or now
    _check(now, *(moment for moment in (since_at, until_at) if moment is not None))
    begin = since_at or _beginning(word, rollout, end)
    if begin >= end:
        raise InvalidRequest(f"The window ends ({end:%Y-%m-%d %H:%M}) before it begins ({begin:%Y-%m-%d %H:%M}).",
                             mend="Swap the two times.")
    return Window(begin, end)


def _check(now: datetime, *given: datetime) -> None:
    for moment in given:
        if moment.tzinfo is None:
            raise InvalidRequest("A time has no offset from UTC.", mend="Write it like 2026-01-31T12:00:00Z.")
        if not EARLIEST <= moment <= now + AHEAD:
            raise InvalidRequest(f"{moment:%Y-%m-%d %H:%M} is out of reach.",
                                 mend=f"Give a time from {EARLIEST:%Y-%m-%d} to a year from now.")


def before(window: Window, days: int) -> Window:
    """The stretch of so many days that ends where the window begins: the baseline when there is no control."""
    return Window(window.since_at - timedelta(days=days), window.since_at)


def _beginning(word: str, rollout: Rollout, end: datetime) -> datetime:
    if word in BACK:
        return floored(end - BACK[word])
    begins = {"phase": rollout.phase_entered_at, "epoch": rollout.epoch_began_at, "rollout": rollout.started_at}
    if word not in begins:
        raise InvalidRequest(f"{word!r} is no window.",
                             mend=f"Use one of {', '.join(WORDS)}, or since_at and until_at.")
    begun = begins[word]
    return begun if begun is not None and begun < end else floored(end - BACK["day"])


def floored(moment: datetime) -> datetime:
    """The last full 5 minutes."""
    return moment - timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
