"""Raw events as the rollups would see them: the same sources, arms and contributions, for a short stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rollout_core.metrics.measured import Window
from rollout_core.storage.accumulations import ACCUMULATIONS, Accumulation, feeds
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_rollups import contributions_sql
from rollout_core.storage.window_sources import attributed_sql, counted_sql, quoted, spans_sql, whole_store_sql


def by_source(metrics: Iterable[str]) -> dict[str, list[Accumulation]]:
    """The accumulations that make any of these metric keys, by source."""
    found: dict[str, list[Accumulation]] = {}
    wanted = tuple(metrics)
    for row in ACCUMULATIONS:
        if any(feeds(row, metric) for metric in wanted):
            found.setdefault(row.source, []).append(row)
    return found


def attributed_cte(reader: Reader, source: str, rollout: str | None, window: Window, condition: str = "TRUE") -> str:
    """A WITH clause that ends in the relation `attributed`: a source's rows with their arms. "" when there are none.

    `rollout` None: every row once, arm "all". `condition` is SQL of our own over the source's columns.
    """
    counted = f"counted AS MATERIALIZED (SELECT * FROM ({counted_sql(source, stretch_of(window))}) WHERE {condition})"
    if rollout is None:
        return f"WITH {counted}, attributed AS ({whole_store_sql('counted')})"
    unit = reader.unit_of(rollout)
    slot = reader.slot(unit) if unit is not None else None
    if slot is None:
        return ""
    spans = spans_sql(rollout, slot, f"SELECT {slot} FROM counted WHERE {slot} IS NOT NULL")
    return (f"WITH {counted}, spans AS MATERIALIZED ({spans}), "
            f"attributed AS MATERIALIZED ({attributed_sql(rollout, slot, 'counted', 'spans')})")


def contributed(accumulations: Sequence[Accumulation], metrics: Sequence[str], arms: Sequence[str] = ()) -> str:
    """SELECT of contributions to these metric keys from the relation `attributed`."""
    sql = f"SELECT * FROM ({contributions_sql(accumulations, 'attributed')}) WHERE metric IN ({listed(metrics)})"
    return sql + (f" AND arm IN ({listed(arms)})" if arms else "")


def listed(texts: Iterable[str]) -> str:
    """SQL string literals with commas; our own metric keys, arms and flags, quoted all the same."""
    return ", ".join(quoted(text) for text in texts)
