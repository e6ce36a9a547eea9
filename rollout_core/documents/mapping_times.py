"""Instants in foreign files: a column of cells -> UTC-aware datetimes, whole columns at once where Arrow can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from rollout_core.documents.mapping import Moment
from rollout_core.documents.mapping_values import Unreadable, as_numbers

_SECONDS = {"epoch_s": 1.0, "epoch_ms": 0.001, "hours": 3_600.0, "days": 86_400.0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MISSING = Unreadable("there is no time")


def instants(moment: Moment, cells: Sequence[Any]) -> list[Any]:
    """A datetime (UTC) or Unreadable per cell; an absent time is Unreadable, for every event needs one."""
    if moment.time in _SECONDS:
        found = _counted(moment, cells)
    elif moment.time == "iso":
        found = [_iso(cell, ZoneInfo(moment.zone)) for cell in cells]
    else:
        found = _by_format(moment, cells)
    if moment.plus:
        found = [when + moment.plus if isinstance(when, datetime) else when for when in found]
    return found


def _counted(moment: Moment, cells: Sequence[Any]) -> list[Any]:
    start, seconds = moment.since or _EPOCH, _SECONDS[moment.time]
    return [_after(start, number, seconds) for number in as_numbers(cells)]


def _after(start: datetime, number: Any, seconds: float) -> Any:
    if not isinstance(number, float):
        return number or _MISSING
    try:
        return start + timedelta(seconds=number * seconds)
    except (OverflowError, ValueError):
        return Unreadable(f"{number:g} is no time")


def _iso(cell: Any, zone: ZoneInfo) -> Any:
    if cell is None:
        return _MISSING
    try:
        when = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
    except ValueError:
        return Unreadable(f"{str(cell)[:60]!r} is no ISO 8601 time")
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def _by_format(moment: Moment, cells: Sequence[Any]) -> list[Any]:
    texts = pa.array([None if cell is None else str(cell).strip() for cell in cells], pa.string())
    local = pc.strptime(texts, format=moment.time, unit="us", error_is_null=True)
    aware = pc.assume_timezone(local, moment.zone, ambiguous="earliest", nonexistent="latest")
    counts: list[int | None] = aware.cast(pa.int64()).to_pylist()
    return [_EPOCH + timedelta(microseconds=count) if count is not None else _unfit(cell, moment.time)
            for count, cell in zip(counts, cells, strict=True)]


def _unfit(cell: Any, time_format: str) -> Unreadable:
    return _MISSING if cell is None else Unreadable(f"{str(cell)[:60]!r} is no time of the form {time_format}")
