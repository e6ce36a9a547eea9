"""Answers in columns: what is known of many people, one array for each field, joined and counted without the database.

A statement costs DuckDB a millisecond or more of planning and more with each join, however few rows it meets; what a
sweep asks of the present day is small, so it is read by simple statements and put together here. Keys are those of the
store, as 64 bits with a sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Columns = Mapping[str, Numbers]
"""Columns of one length; times are microseconds since 1970."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY = 3_600_000_000, 86_400_000_000
NEVER = 2**62
"""A time that does not come."""


class Earliest:
    """The earliest time of each key. `keys` are in order, and may stand in it several times."""

    def __init__(self, keys: Numbers, at: Numbers) -> None:
        order = np.lexsort((at, keys))
        self.keys, self._at = keys[order], at[order]

    def of(self, keys: Numbers) -> Numbers:
        """The times of these keys, NEVER where there is none."""
        if not len(self.keys):
            return np.full(len(keys), NEVER, np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self._at[places], NEVER)


def counts(groups: Sequence[Numbers], sums: Sequence[Truths]) -> list[tuple[int, ...]]:
    """Rows (groups..., how many, of how many each of `sums` is true), one for each combination of groups that there is.
    """
    return summed(groups, [np.ones(len(groups[0]), np.int64), *sums])


def summed(groups: Sequence[Numbers], sums: Sequence[Numbers | Truths]) -> list[tuple[int, ...]]:
    """Rows (groups..., sums...), one for each combination of groups that there is. Sums are exact up to 2^53."""
    if not len(groups[0]):
        return []
    found, which = np.unique(np.stack(groups), axis=1, return_inverse=True)
    totals = [np.bincount(which.reshape(-1), each) for each in sums]
    return [(*key, *(int(total[place]) for total in totals)) for place, key in enumerate(found.T.tolist())]


def taken(columns: Columns, which: Truths | Numbers) -> dict[str, Numbers]:
    """Some of the rows."""
    return {name: values[which] for name, values in columns.items()}


def joined(parts: Sequence[Columns]) -> dict[str, Numbers]:
    """The rows of all, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def micros(moment: datetime) -> int:
    """A time as microseconds since 1970."""
    return (moment - BEGINNING) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    """The time of these microseconds since 1970."""
    return BEGINNING + timedelta(microseconds=microseconds)
