"""Answers Totals and Timeline: sums per group, from rollups before the watermark and raw events after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Rows, Timeline, Totals
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import by_source, contributions, listed
from rollout_core.storage.read_settled import settled_days, settled_edge
from rollout_core.storage.read_stretches import HOUR, parts_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_rollups import HOUR_SUMS
from rollout_core.storage.window_sources import narrowing_columns, quoted

SUMS = ("n", "w", "s", "ss", "mn", "mx")
ROLLED_BY = {"metric": "metric", "arm": "arm", "hour": "hour", "day": "hour::DATE", "epoch": "epoch",
             "inclusion": "inclusion", "flag": "flag"}
RAW_BY = {**ROLLED_BY, "hour": "date_trunc('hour', occurred_at)", "day": "occurred_at::DATE"}
ADDED = "sum(n)::BIGINT, sum(w)::BIGINT, sum(s)::HUGEINT, sum(ss)::HUGEINT, min(mn)::BIGINT, max(mx)::BIGINT"


def totals(reader: Reader, question: Totals) -> Rows:
    """Totals. Raises InvalidRequest for an unknown grouping."""
    unknown = set(question.by) - set(ROLLED_BY)
    if unknown:
        raise InvalidRequest(f"Totals cannot be grouped by {', '.join(sorted(unknown))}.",
                             mend=f"Use any of {', '.join(ROLLED_BY)}.")
    parts = parts_of(question.window, reader.closed_until_at, HOUR, live=question.live)
    rows: list[tuple[Any, ...]] = []
    if parts.rolled is not None:
        rows += settled_days(reader, question, parts.rolled, lambda days: reader.rows(_rolled_sql(question, days)).rows)
    for window in parts.raw:
        rows += settled_edge(reader, question, window, lambda edge: _raw(reader, question, edge))
    return Rows((*question.by, *SUMS), added(rows, len(question.by)), reader.closed_until_at)


def _rolled_sql(question: Totals, window: Window) -> str:
    return (f"SELECT {_grouping(question.by, ROLLED_BY)} {ADDED} FROM agg_hour "
            f"WHERE rollout = {quoted(question.rollout or '')} AND hour >= {literal(window.since_at)} "
            f"AND hour < {literal(window.until_at)} AND metric IN ({listed(question.metrics)}){_narrowed(question)} "
            f"{_group_by(question.by)}")


def _raw(reader: Reader, question: Totals, window: Window) -> list[tuple[Any, ...]]:
    cte, counted = contributions(reader, question.metrics, question.rollout, window)
    if not cte:
        return []
    return reader.rows(f"{cte} SELECT {_grouping(question.by, RAW_BY)} {HOUR_SUMS} FROM ({counted}) "
                       f"WHERE TRUE{_narrowed(question)} {_group_by(question.by)}").rows


def _grouping(by: Sequence[str], names: dict[str, str]) -> str:
    return "".join(f"{names[key]} AS {key}, " for key in by)


def _group_by(by: Sequence[str]) -> str:
    return f"GROUP BY {', '.join(str(place + 1) for place in range(len(by)))}" if by else ""


def _narrowed(question: Totals) -> str:
    arms = f" AND arm IN ({listed(question.arms)})" if question.arms else ""
    return arms + (f" AND flag = {quoted(question.flag)}" if question.flag is not None else "")


def added(rows: Iterable[tuple[Any, ...]], keys: int) -> list[tuple[Any, ...]]:
    """Rows of the same key added up: sums are summed, the last two places are smallest and largest."""
    merged: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        if row[keys] is None:                     # an aggregate over nothing
            continue
        into = merged.setdefault(row[:keys], [0, 0, 0, 0, None, None])
        for place in range(4):
            into[place] += row[keys + place]
        into[4] = _of(min, into[4], row[keys + 4])
        into[5] = _of(max, into[5], row[keys + 5])
    return [(*key, *sums) for key, sums in merged.items()]


def _of(choose: Any, one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else choose(one, other)


def timeline(reader: Reader, question: Timeline) -> Rows:
    """Timeline: sums in buckets of `bucket_seconds`, always from raw events."""
    cte, counted = contributions(reader, question.metrics, question.rollout, question.window,
                                 where_sql(question.where, question.metrics))
    if not cte:
        return Rows(("at", "metric", "arm", "n", "s", "ss"), [], reader.closed_until_at)
    return reader.rows(
        f"{cte} SELECT {bucket_sql(question.bucket_seconds)} AS at, metric, arm, sum(d)::BIGINT AS n, "
        f"sum(x)::HUGEINT AS s, sum(x::HUGEINT * x)::HUGEINT AS ss FROM ({counted}) GROUP BY 1, 2, 3 ORDER BY 1")


def bucket_sql(seconds: int) -> str:
    """SQL of the start of a bucket counted from the Unix epoch."""
    return f"time_bucket(INTERVAL {int(seconds)} SECOND, occurred_at, TIMESTAMP '1970-01-01')"


NARROWING = ("page", "device", "endpoint", "name", "category", "flag")


def where_sql(where: Iterable[tuple[str, str]], metrics: Iterable[str]) -> str:
    """SQL of conditions column = text. Raises InvalidRequest for a column that what feeds the metrics does not have."""
    conditions = []
    wanted = tuple(metrics)
    columns = [narrowing_columns(source) for source in by_source(wanted)]
    usable = [column for column in NARROWING if all(column in each for each in columns)]
    for column, text in where:
        if column not in usable:
            raise InvalidRequest(f"{column!r} cannot narrow {', '.join(wanted)}.",
                                 mend=f"Use one of {', '.join(usable)}.", column=column)
        conditions.append(f"{column} = {quoted(text)}")
    return " AND ".join(conditions) or "TRUE"
