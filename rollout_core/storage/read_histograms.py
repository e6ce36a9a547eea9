"""Answers Histogram and TimelineBins: log-histogram counts, from rollups of whole days, of the last hours, and from raw
events around them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Histogram, Rows, TimelineBins
from rollout_core.storage.accumulations import Accumulation, bin_sql
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import all_attributed_cte, by_source, contributions, listed
from rollout_core.storage.read_settled import settled_edge
from rollout_core.storage.read_stretches import DAY, HOUR, parts_of
from rollout_core.storage.read_totals import bucket_sql, where_sql
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

ROLLED_BY = {"metric": "metric", "arm": "arm", "day": "day", "epoch": "epoch", "inclusion": "inclusion",
             "slice": "slice"}
HOURS_BY = {**ROLLED_BY, "day": "hour::DATE", "slice": "''"}
RAW_BY = {**ROLLED_BY, "day": "occurred_at::DATE"}


def histogram(reader: Reader, question: Histogram) -> Rows:
    """Histogram. Raises InvalidRequest for an unknown grouping or slice."""
    unknown = set(question.by) - set(ROLLED_BY)
    if unknown:
        raise InvalidRequest(f"A histogram cannot be grouped by {', '.join(sorted(unknown))}.",
                             mend=f"Use any of {', '.join(ROLLED_BY)}.")
    parts = parts_of(question.window, reader.closed_until_at, DAY, live=question.live)
    rows: list[tuple[Any, ...]] = []
    if parts.rolled is not None:
        rows += reader.rows(_rolled_sql(question, parts.rolled)).rows
    for window in parts.raw:
        hours, rest = _kept_hours(reader, question, window)
        if hours is not None:
            rows += reader.rows(_hours_sql(question, hours)).rows
        for edge in rest:
            rows += settled_edge(reader, question, edge, lambda edge: _raw(reader, question, edge))
    return Rows((*question.by, "b", "n"), counted(rows), reader.closed_until_at)


def _kept_hours(reader: Reader, question: Histogram, window: Window) -> tuple[Window | None, tuple[Window, ...]]:
    """What of a part of a day hist_hour holds, and the rest."""
    since_at, closed = reader.hours_since_at, reader.closed_until_at
    if question.slice != "" or since_at is None or closed is None or window.since_at < since_at:
        return None, (window,)
    parts = parts_of(window, closed, HOUR, live=True)
    return parts.rolled, parts.raw


def counted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of the same group and bin added up; the count is the last place."""
    merged: dict[tuple[Any, ...], int] = {}
    for row in rows:
        merged[row[:-1]] = merged.get(row[:-1], 0) + row[-1]
    return [(*key, count) for key, count in merged.items()]


def _rolled_sql(question: Histogram, window: Window) -> str:
    part = "" if question.slice is None else f" AND slice = {quoted(question.slice)}"
    return (f"SELECT {_selected(question.by, ROLLED_BY)} b::INTEGER, sum(n)::BIGINT FROM hist_day "
            f"WHERE rollout = {quoted(question.rollout or '')} AND day >= {literal(window.since_at)}::DATE "
            f"AND day < {literal(window.until_at)} AND metric IN ({listed(question.metrics)}){part}"
            f"{_arms(question.arms)} GROUP BY ALL")


def _hours_sql(question: Histogram, window: Window) -> str:
    return (f"SELECT {_selected(question.by, HOURS_BY)} b::INTEGER, sum(n)::BIGINT FROM hist_hour "
            f"WHERE rollout = {quoted(question.rollout or '')} AND hour >= {literal(window.since_at)} "
            f"AND hour < {literal(window.until_at)} AND metric IN ({listed(question.metrics)})"
            f"{_arms(question.arms)} GROUP BY ALL")


def _raw(reader: Reader, question: Histogram, window: Window) -> list[tuple[Any, ...]]:
    """All sources and slices in one statement: the spans of those who did something are looked up once."""
    sources = by_source(question.metrics)
    values = [f"SELECT arm, epoch, inclusion, occurred_at, {row.key_sql} AS metric, {label} AS slice, {row.x} AS x "
              f"FROM a{place} WHERE {row.where} AND {condition}"
              for place, accumulations in enumerate(sources.values()) for row in accumulations
              for label, condition in slices_of(row, question.slice)]
    cte = all_attributed_cte(reader, sources, question.rollout, window) if values else ""
    if not cte:
        return []
    return reader.rows(f"{cte} SELECT {_selected(question.by, RAW_BY)} {bin_sql('x')}::INTEGER AS b, count(*) "
                       f"FROM ({' UNION ALL '.join(values)}) WHERE metric IN ({listed(question.metrics)})"
                       f"{_arms(question.arms)} GROUP BY ALL").rows


def slices_of(row: Accumulation, wanted: str | None) -> list[tuple[str, str]]:
    """(SQL of the slice's label, SQL condition) of everything that is asked for: one slice, or all of them."""
    if wanted == "":
        return [("''", "TRUE")]
    every = [(f"{quoted(prefix)} || {column}", f"{column} IS NOT NULL") for column, prefix in row.slices]
    if wanted is None:
        return [("''", "TRUE"), *every]
    prefix, _, value = wanted.partition(":")
    columns = [column for column, known in row.slices if known == f"{prefix}:"]
    return [(quoted(wanted), f"{column} = {quoted(value)}") for column in columns]


def _selected(by: Iterable[str], names: dict[str, str]) -> str:
    return "".join(f"{names[key]} AS {key}, " for key in by)


def _arms(arms: Iterable[str]) -> str:
    return f" AND arm IN ({listed(arms)})" if arms else ""


def timeline_bins(reader: Reader, question: TimelineBins) -> Rows:
    """TimelineBins: histogram counts in short buckets, always from raw events."""
    cte, counted_rows = contributions(reader, question.metrics, question.rollout, question.window,
                                      where_sql(question.where, question.metrics))
    if not cte:
        return Rows(("at", "metric", "arm", "b", "n"), [], reader.closed_until_at)
    return reader.rows(
        f"{cte} SELECT {bucket_sql(question.bucket_seconds)} AS at, metric, arm, {bin_sql('x')}::INTEGER AS b, "
        f"count(*) AS n FROM ({counted_rows}) GROUP BY ALL ORDER BY 1")
