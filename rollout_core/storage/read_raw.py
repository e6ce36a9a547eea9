"""Raw events as the rollups would see them: the same sources, arms and contributions, for a short stretch of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rollout_core.metrics.measured import Window
from rollout_core.storage.accumulations import ACCUMULATIONS, Accumulation, feeds
from rollout_core.storage.event_tail import tail_spans_sql
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_facts import contributions_sql
from rollout_core.storage.window_sources import attributed_sql, counted_sql, quoted, spans_sql, whole_store_sql


def by_source(metrics: Iterable[str]) -> dict[str, list[Accumulation]]:
    """The accumulations that make any of these metric keys, by source."""
    found: dict[str, list[Accumulation]] = {}
    wanted = tuple(metrics)
    for row in ACCUMULATIONS:
        if any(feeds(row, metric) for metric in wanted):
            found.setdefault(row.source, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Parted:
    """A relation of `key` and `part`, joined to the counted events: by `event_id` or by the rollout's `subject_key`."""

    key: str
    sql: str


def attributed_cte(reader: Reader, source: str, rollout: str | None, window: Window, condition: str = "TRUE",
                   parted: Parted | None = None) -> str:
    """A WITH clause that ends in the relation `attributed`: a source's rows with their arms. "" when there are none.

    `rollout` None: every row once, arm "all". `condition` is SQL of our own over the source's columns. `parted`, of a
    rollout only: events without a part are left out, the others carry it.
    """
    selected = counted_sql(source, stretch_of(window))
    if rollout is None:
        return (f"WITH counted AS MATERIALIZED (SELECT * FROM ({selected}) WHERE {condition}), "
                f"attributed AS ({whole_store_sql('counted')})")
    unit = reader.unit_of(rollout)
    slot = reader.slot(unit) if unit is not None else None
    if slot is None:
        return ""
    if parted is not None:
        own = slot if parted.key == "subject_key" else parted.key
        selected = f"SELECT c.*, p.part FROM ({selected}) AS c JOIN ({parted.sql}) AS p ON p.{parted.key} = c.{own}"
    counted = f"counted AS MATERIALIZED (SELECT * FROM ({selected}) WHERE {condition})"
    spans = spans_of(reader, rollout, slot, f"SELECT {slot} FROM counted WHERE {slot} IS NOT NULL", window)
    return (f"WITH {counted}, spans AS MATERIALIZED ({spans}), "
            f"attributed AS MATERIALIZED ({attributed_sql(rollout, slot, 'counted', 'spans')})")


def contributions(reader: Reader, metrics: Sequence[str], rollout: str | None, window: Window,
                  condition: str = "TRUE") -> tuple[str, str]:
    """(WITH clause, SELECT of contributions to these metric keys) over all their sources; ("", "") when there are none.
    """
    sources = by_source(metrics)
    cte = all_attributed_cte(reader, sources, rollout, window, condition)
    every = " UNION ALL ".join(contributions_sql(rows, f"a{place}") for place, rows in enumerate(sources.values()))
    return (cte, f"SELECT * FROM ({every}) WHERE metric IN ({listed(metrics)})") if cte else ("", "")


def all_attributed_cte(reader: Reader, sources: Collection[str], rollout: str | None, window: Window,
                       condition: str = "TRUE") -> str:
    """A WITH clause with a relation a0, a1 … per source: its rows with their arms. "" when there are none.

    Spans are looked up once for the subjects of all sources together: that costs as much as the spans there are.
    """
    unit = reader.unit_of(rollout) if rollout is not None else None
    slot = reader.slot(unit) if unit is not None else None
    if not sources or (rollout is not None and slot is None):
        return ""
    parts = [f"c{place} AS MATERIALIZED (SELECT * FROM ({counted_sql(source, stretch_of(window))}) WHERE {condition})"
             for place, source in enumerate(sources)]
    if rollout is None or slot is None:
        parts += [f"a{place} AS ({whole_store_sql(f'c{place}')})" for place in range(len(sources))]
    else:
        keys = " UNION ".join(f"SELECT {slot} FROM c{place} WHERE {slot} IS NOT NULL" for place in range(len(sources)))
        parts.append(f"spans AS MATERIALIZED ({spans_of(reader, rollout, slot, keys, window)})")
        parts += [f"a{place} AS MATERIALIZED ({attributed_sql(rollout, slot, f'c{place}', 'spans')})"
                  for place in range(len(sources))]
    return f"WITH {', '.join(parts)}"


def spans_of(reader: Reader, rollout: str, slot: str, keys: str, window: Window) -> str:
    """The spans of the subjects of `keys`; those of the last hours are asked of the small table that follows them."""
    followed = reader.followed_since_at is not None and window.since_at >= reader.followed_since_at
    return tail_spans_sql(rollout, slot, keys, stretch_of(window)) if followed else spans_sql(rollout, slot, keys)


def listed(texts: Iterable[str]) -> str:
    """SQL string literals with commas; our own metric keys, arms and flags, quoted all the same."""
    return ", ".join(quoted(text) for text in texts)
