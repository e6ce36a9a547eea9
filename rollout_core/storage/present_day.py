"""What the present day, that of the watermark, has so far of people: who entered, left and had a first event on it.

Everything here is read once a look and belongs to a rollout and the epochs of an evidence version.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from rollout_core.storage.accumulations import FIRSTS
from rollout_core.storage.columns import (
    HOUR,
    NEVER,
    Columns,
    Earliest,
    Numbers,
    joined,
    micros,
    moment_of,
    summed,
    taken,
)
from rollout_core.storage.earlier_spans import earlier
from rollout_core.storage.reader import Reader
from rollout_core.storage.versions import COMPARED, EITHER, SPAN, Version
from rollout_core.storage.window_sources import LAST_INSTANT, quoted

LAST = micros(datetime(9999, 12, 31, tzinfo=UTC))
NO_VALUE = -(2**63) + 1
METRICS = tuple(dict.fromkeys(first.metric for first in FIRSTS))


def came(reader: Reader, version: Version, today: date) -> Columns:
    """The spans that began today or later, of the compared and of those formerly in: keys, from_at, to_at, epoch,
    inclusion, treated, former."""
    return reader.once(("came", version, today), lambda: reader.arrays(
        f"SELECT {SPAN} FROM arm_span WHERE {version.sql()} AND {EITHER} AND from_at >= DATE '{today}'"))


def _by_chance(spans: Columns) -> Columns:
    return taken(spans, spans["inclusion"] > 0)


def _compared(spans: Columns) -> Columns:
    return taken(spans, spans["former"] == 0)


def entered(reader: Reader, version: Version, today: date) -> Columns:
    """As `came`: each subject's first span by chance, where it began today or later and is compared."""
    spans = _by_chance(came(reader, version, today))
    if not len(spans["keys"]):
        return spans
    ordered = taken(spans, np.lexsort((spans["from_at"], spans["keys"])))
    first = taken(ordered, np.unique(ordered["keys"], return_index=True)[1])
    before = _by_chance(earlier(reader, version, first["keys"], today))["keys"]
    return _compared(taken(first, ~np.isin(first["keys"], before)))


def crossed(reader: Reader, version: Version, today: date) -> tuple[Earliest, Earliest]:
    """When subjects came by chance to the treatment today, and when to another side."""
    spans = _by_chance(came(reader, version, today))
    treated = spans["treated"] == 1
    return (Earliest(spans["keys"][treated], spans["from_at"][treated]),
            Earliest(spans["keys"][~treated], spans["from_at"][~treated]))


def firsts(reader: Reader, version: Version, metric: str, today: date) -> Columns:
    """First events of a sort today: keys, first_at, epoch, inclusion, treated, value (none: the smallest number)."""
    found = reader.once(("firsts today", version, today), lambda: reader.arrays(
        f"SELECT list_position([{', '.join(map(quoted, METRICS))}], metric) AS metric, subject_key AS keys, "
        f"epoch_us(first_at) AS first_at, epoch, inclusion, (arm = 'treatment')::INTEGER AS treated, "
        f"coalesce(value, {NO_VALUE}) AS value FROM subject_first WHERE {version.sql()} AND {COMPARED} "
        f"AND metric IN ({', '.join(map(quoted, METRICS))}) AND first_at >= DATE '{today}'"))
    return taken(found, found["metric"] == METRICS.index(metric) + 1)


def met(reader: Reader, version: Version, metric: str, today: date) -> Columns:
    """As `came`: the compared spans that began or ended today, or in which a first event of the sort may be today's."""
    since = f"DATE '{today}'"
    ended = reader.once(("ended", version), lambda: reader.arrays(
        f"SELECT {SPAN} FROM arm_span WHERE to_at >= {since} AND to_at < {LAST_INSTANT} AND from_at < {since} "
        f"AND {version.sql()} AND {COMPARED}"))
    keys = firsts(reader, version, metric, today)["keys"]
    older = _compared(earlier(reader, version, keys, today))    # an end that was set since is in `ended`
    midnight = micros(datetime.combine(today, time(), UTC))
    still = np.isin(older["keys"], keys) & (older["to_at"] >= midnight) & ~np.isin(older["keys"], ended["keys"])
    standing = taken(older, still)
    standing["to_at"] = np.full_like(standing["to_at"], LAST)
    return joined([_compared(came(reader, version, today)), ended, standing])


class Firsts:
    """First events of a sort, looked up by subject."""

    def __init__(self, found: Columns) -> None:
        self._ever = Earliest(found["keys"], found["first_at"])
        self._own = {epoch: Earliest(found["keys"][here], found["first_at"][here])
                     for epoch in np.unique(found["epoch"]).tolist() for here in [found["epoch"] == epoch]}

    def ever(self, keys: Numbers) -> Numbers:
        """The first of all epochs."""
        return self._ever.of(keys)

    def own(self, keys: Numbers, epochs: Numbers) -> Numbers:
        """The first of the epoch that is named beside each key."""
        found = np.full(len(keys), NEVER, np.int64)
        for epoch, earliest in self._own.items():
            here = epochs == epoch
            found[here] = earliest.of(keys[here])
        return found


def firsts_before(reader: Reader, version: Version, metric: str, today: date) -> Firsts:
    """First events of a sort on the days before, kept in memory as what is settled."""
    return reader.settled(("firsts before", version, metric), lambda: Firsts(reader.arrays(
        f"SELECT subject_key AS keys, epoch_us(first_at) AS first_at, epoch FROM subject_first WHERE {version.sql()} "
        f"AND metric = {quoted(metric)} AND first_at < DATE '{today}'")), large=True)


def moves(reader: Reader, version: Version, metric: str, today: date) -> list[tuple[Any, ...]]:
    """Who entered, left and had a first event today: anew, epoch, inclusion, hour, and of the treatment and the control
    the steps of who is at risk and the events (read_firsts.py says what counts)."""
    spans, before = met(reader, version, metric, today), firsts_before(reader, version, metric, today)
    present = Firsts(firsts(reader, version, metric, today))
    keys, epochs = spans["keys"], spans["epoch"]
    ever = np.minimum(before.ever(keys), present.ever(keys))
    own = np.minimum(before.own(keys, epochs), present.own(keys, epochs))
    since = micros(datetime.combine(today, time(), UTC))
    return [(anew, epoch, inclusion, moment_of(hour), *rest) for anew, first_at in ((False, ever), (True, own))
            for epoch, inclusion, hour, *rest in _steps(spans, first_at, since)]


def _steps(spans: Columns, first_at: Numbers, since: int) -> list[tuple[int, ...]]:
    """Rows (epoch, inclusion, hour, steps and events of both sides) from `since` on."""
    from_at, to_at = spans["from_at"], spans["to_at"]
    stop_at, counted = np.minimum(to_at, first_at), first_at >= from_at
    rows = []
    for at, hour, step, event, happens in (
            (from_at, from_at // HOUR, 1, 0, counted),
            (stop_at, stop_at // HOUR + 1, -1, 0, counted & (stop_at < LAST)),
            (first_at, first_at // HOUR, 0, 1, counted & (first_at < to_at))):
        which = happens & (at >= since)
        treated = spans["treated"][which]
        rows.append({"epoch": spans["epoch"][which], "inclusion": spans["inclusion"][which],
                     "hour": hour[which] * HOUR, "steps": step * treated, "others": step * (1 - treated),
                     "events": event * treated, "others_events": event * (1 - treated)})
    found = joined(rows)
    return summed([found[name] for name in ("epoch", "inclusion", "hour")],
                  [found[name] for name in ("steps", "others", "events", "others_events")])
