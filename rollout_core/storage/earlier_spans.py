"""The earlier spans of those whom the present day concerns: looked up once a day for each of them.

Keys are hashes, so a look-up reads all spans there are, however few subjects are asked for. What began before today is
settled; only ends may still be set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from rollout_core.storage.columns import NEVER, Columns, Earliest, Numbers, joined
from rollout_core.storage.reader import Reader
from rollout_core.storage.versions import EITHER, SPAN, Version
from rollout_core.storage.window_sources import quoted

COLUMNS = ("keys", "from_at", "to_at", "epoch", "inclusion", "treated", "former")
NOBODY = np.empty(0, np.int64)
FEW = 2_000
"""So many are looked up among those who are followed before all spans are read."""


@dataclass(frozen=True, slots=True)
class Known:
    """Whoever was looked up, and their spans."""

    asked: Earliest
    spans: Columns


def earlier(reader: Reader, version: Version, keys: Numbers, today: date) -> Columns:
    """The spans from before today of these subjects, and of others; as present_day.came, with the ends they had when
    they were looked up. Each subject is looked up once a day; whoever did something in the last hours in the table that
    follows them (decision 43)."""
    what = ("earlier", version)
    known = reader.settled(what, lambda: Known(Earliest(NOBODY, NOBODY), dict.fromkeys(COLUMNS, NOBODY)), large=True)
    new = np.unique(keys[known.asked.of(keys) == NEVER])
    if not len(new):
        return known.spans
    asked = np.concatenate([known.asked.keys, new])
    spans = joined([known.spans, *_looked_up(reader, version, new, today)])
    reader.keep_settled(what, Known(Earliest(asked, np.zeros_like(asked)), spans), large=True)
    return spans


def _looked_up(reader: Reader, version: Version, keys: Numbers, today: date) -> Iterator[Columns]:
    """The spans from before today of these subjects."""
    of_version = f"{version.sql()} AND {EITHER} AND from_at < DATE '{today}'"
    if len(keys) <= FEW:
        followed = reader.arrays(f"SELECT {SPAN}, ({of_version})::INTEGER AS earlier FROM tail_span "
                                 f"WHERE rollout = {quoted(version.rollout)} AND subject_key IN ({_listed(keys)})")
        yield {name: followed[name][followed["earlier"] == 1] for name in COLUMNS}
        keys = keys[~np.isin(keys, followed["keys"])]
    if len(keys):
        yield reader.arrays(f"SELECT {SPAN} FROM arm_span WHERE {of_version} AND subject_key IN "
                            f"(SELECT unnest([{_listed(keys)}]::UBIGINT[]))")


def _listed(keys: Numbers) -> str:
    return ", ".join(map(str, keys.astype(np.uint64).tolist()))
