"""Answers BucketSums, RecentSums and SumsBefore: sums by stratum, side and cluster bucket, kept day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import BucketSums, RecentSums, SumsBefore
from rollout_core.storage.day_parts import ONE_DAY
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.running_sums import FIRST_DAY, ByDay, Cells, Kept, Stamped, added, brought_up, whole
from rollout_core.storage.versions import COMPARED, SIDES, epochs_sql
from rollout_core.storage.window_sources import quoted

SIDE = "(arm = 'treatment')::INTEGER AS side"
MOST = 2**55
"""Where the sum of one day, stratum and bucket ends (a thousand years in microseconds): what adds up to more is no
measurement, and so many of these can be added without leaving 64 bits."""


def answer_bucket_sums(reader: Reader, question: BucketSums) -> Rows:
    """One row a stratum and side, with arrays over the cluster buckets."""
    kept = _kept(reader, question)
    return _rows(reader, question.metrics, {} if kept is None else whole(kept))


def answer_recent_sums(reader: Reader, question: RecentSums) -> Rows:
    """As BucketSums, of the days that are kept one by one, or counted apart."""
    everything = BucketSums(question.rollout, question.metrics, question.epochs)
    kept = _kept(reader, everything)
    if kept is None:
        return _rows(reader, question.metrics, {})
    if question.since_day < kept.until:
        found = _counted(reader, everything, question.since_day, max(kept.days) + ONE_DAY, by_day=False)
        return _rows(reader, question.metrics, found.get(None, {}))
    cells: Cells = {}
    for day, (_, each) in kept.days.items():
        cells = added(cells, each) if day >= question.since_day else cells
    return _rows(reader, question.metrics, cells)


def _kept(reader: Reader, question: BucketSums) -> Kept | None:
    if reader.closed_until_at is None:
        return None
    kept = brought_up(reader.sums.recall(question), Stamped(reader.stamps), reader.closed_until_at.date(),
                      lambda since, until, by_day: _counted(reader, question, since, until, by_day=by_day),
                      keep_last=True)
    reader.sums.keep(question, kept)
    return kept


def _counted(reader: Reader, question: BucketSums, since: date | None, until: date, *, by_day: bool) -> ByDay:
    """A day has one row for each arm and bucket; many days have to be summed up."""
    days = f"{_from('day', since)}day < DATE '{until}'"
    places = f"list_position([{listed(question.metrics)}], metric)::INTEGER AS place"
    taken = (f"{_day('day')}, {places}, epoch, inclusion, {SIDE}, bucket::INTEGER AS bucket, {_fit('d')}, {_fit('x')}, "
             f"{_fit('x_capped')}" if by_day else
             f"0 AS day, {places}, epoch, inclusion, {SIDE}, bucket::INTEGER AS bucket, {_fit('sum(d)', 'd')}, "
             f"{_fit('sum(x)', 'x')}, {_fit('sum(x_capped)', 'x_capped')}")
    found = reader.arrays(
        f"SELECT {taken} FROM agg_bucket WHERE rollout = {quoted(question.rollout)} AND {days} "
        f"AND epoch IN ({epochs_sql(question.epochs)}) AND metric IN ({listed(question.metrics)}) AND {COMPARED}"
        f"{'' if by_day else ' GROUP BY ALL'}")
    return _cells(found, ("d", "x", "x_capped"), by_day=by_day)


def answer_sums_before(reader: Reader, question: SumsBefore) -> Rows:
    """The days before, regrouped by the first stratum and side that their subjects have in each epoch; subjects by the
    day on which they entered it. Spans follow exposures before windows close, so the present day is never kept."""
    columns = ("kind", "what", "epoch", "inclusion", "side", "d", "x")
    if reader.closed_until_at is None or not question.wanted:
        return Rows(columns, [], reader.closed_until_at)
    window = question.window
    stamped = Stamped(reader.stamps, window.since_at.date(), (window.until_at - timedelta(microseconds=1)).date())
    kept = brought_up(reader.sums.recall(question), stamped, reader.closed_until_at.date(),
                      lambda since, until, by_day: _entered(reader, question, since, until, by_day=by_day),
                      keep_last=False)
    reader.sums.keep(question, kept)
    rows = [(*question.wanted[place - 1], epoch, inclusion, SIDES[side], *cells)
            for (place, epoch, inclusion, side), cells in sorted(whole(kept).items())]
    return Rows(columns, rows, reader.closed_until_at)


def _entered(reader: Reader, question: SumsBefore, since: date | None, until: date, *, by_day: bool) -> ByDay:
    """What subjects did before, who entered on some days. Those of the present day reach as far as spans do."""
    last = until - ONE_DAY
    to_the_end = reader.closed_until_at is not None and last == reader.closed_until_at.date()
    days = _from("from_at", since) + ("TRUE" if to_the_end else f"from_at < DATE '{until}'")
    day = _day(f"least(from_at::DATE, DATE '{last}')") if by_day else "0 AS day"
    pairs = ", ".join(f"({place}, {quoted(kind)}, {quoted(what)})"
                      for place, (kind, what) in enumerate(question.wanted, start=1))
    kinds = listed(dict.fromkeys(kind for kind, _ in question.wanted))
    found = reader.arrays(
        f"WITH own AS (SELECT unit, subject_key, {day}, epoch, inclusion, {SIDE}, "
        f"bucket::INTEGER AS bucket FROM arm_span WHERE rollout = {quoted(question.rollout)} AND entered "
        f"AND epoch IN ({epochs_sql(question.epochs)}) AND {COMPARED} AND {days}), "
        f"wanted(place, kind, what) AS (VALUES {pairs}), "
        f"before AS (SELECT unit, subject_key, w.place, sum(d.n) AS n, sum(d.x) AS x FROM subject_day AS d "
        f"JOIN wanted AS w ON d.kind = w.kind AND (w.what = '' OR d.what = w.what) WHERE d.kind IN ({kinds}) "
        f"AND d.day >= {literal(question.window.since_at)}::DATE AND d.day < {literal(question.window.until_at)}::DATE "
        f"AND d.subject_key IN (SELECT subject_key FROM own) GROUP BY ALL) "
        f"SELECT day, place, epoch, inclusion, side, bucket, {_fit('sum(n)', 'd')}, {_fit('sum(x)', 'x')} "
        f"FROM own JOIN before USING (unit, subject_key) GROUP BY ALL")
    return _cells(found, ("d", "x"), by_day=by_day)


def _rows(reader: Reader, metrics: Sequence[str], cells: Cells) -> Rows:
    named = [(metrics[place - 1], epoch, inclusion, SIDES[side], *each)
             for (place, epoch, inclusion, side), each in sorted(cells.items())]
    return Rows(("metric", "epoch", "inclusion", "side", "d", "x", "x_capped"), named, reader.closed_until_at)


def _day(column: str) -> str:
    return f"({column} - DATE '{FIRST_DAY}')::INTEGER AS day"


def _fit(total: str, name: str | None = None) -> str:
    return f"greatest(least({total}, {MOST}), -{MOST})::BIGINT AS {name or total}"


def _from(column: str, since: date | None) -> str:
    return "" if since is None else f"{column} >= DATE '{since}' AND "


KEY = ("place", "epoch", "inclusion", "side")


def _cells(found: dict[str, NDArray[np.int64]], columns: Sequence[str], *, by_day: bool) -> ByDay:
    """Rows as arrays over the cluster buckets, by day (or all under None) and by the numbers of KEY."""
    if not len(found["bucket"]):
        return {}
    code = np.zeros(len(found["bucket"]), np.int64)
    for name in ("day", *KEY):
        low = found[name].min()
        code = code * (found[name].max() - low + 1) + (found[name] - low)
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    dense = np.zeros((len(columns), len(first) * CLUSTER_BUCKETS), np.int64)
    for place, name in enumerate(columns):
        np.add.at(dense[place], which * CLUSTER_BUCKETS + found["bucket"], found[name])
    arrays = dense.reshape(len(columns), len(first), CLUSTER_BUCKETS)
    arrays.flags.writeable = False
    cells: dict[date | None, dict[tuple[int, ...], NDArray[np.int64]]] = {}
    for place, (day, *key) in enumerate(zip(*(found[name][first].tolist() for name in ("day", *KEY)), strict=True)):
        cells.setdefault(FIRST_DAY + ONE_DAY * day if by_day else None, {})[tuple(key)] = arrays[:, place]
    return cells
