"""Answers Tail: all sums and histogram counts of what happened after the watermark, read from raw events at once."""

from __future__ import annotations

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import TAIL_COLUMNS, Rows, Tail
from rollout_core.storage.accumulations import Accumulation, accumulations_of, bin_sql
from rollout_core.storage.read_histograms import slices_of
from rollout_core.storage.read_ratings import RATED, SCORE
from rollout_core.storage.read_raw import all_attributed_cte, by_source
from rollout_core.storage.read_totals import bucket_sql
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_facts import contributions_sql
from rollout_core.storage.window_rollups import HOUR_SUMS

MINUTE, WINDOW = "date_trunc('minute', occurred_at)", bucket_sql(300)
"""Windows close after full 5 minutes: what is left of a tail then can be told apart."""
STRATUM = "arm, epoch, inclusion"


def tail(reader: Reader, question: Tail) -> Rows:
    """Tail. What nothing feeds, or what belongs to a unit that no event has named, has no rows."""
    sources = by_source(question.metrics)
    cte = all_attributed_cte(reader, sources, question.rollout, question.window)
    if not cte:
        return Rows(TAIL_COLUMNS, [], reader.closed_until_at)
    every = (select for place, source in enumerate(sources)
             for select in _everything(accumulations_of(source), f"a{place}"))
    return Rows(TAIL_COLUMNS, reader.rows(f"{cte} {' UNION ALL '.join(every)}").rows, reader.closed_until_at)


def _everything(accumulations: tuple[Accumulation, ...], relation: str) -> list[str]:
    """Sums by minute; histogram counts by minute, and of the slices by 5 minutes; so scores."""
    sums = (f"SELECT 'sums' AS what, metric, {STRATUM}, {MINUTE} AS at, flag, '' AS slice, 0 AS b, {HOUR_SUMS} "
            f"FROM ({contributions_sql(accumulations, relation)}) GROUP BY ALL")
    bins = (_bins(row, relation, label, condition) for row in accumulations if row.histogram
            for label, condition in slices_of(row, None))
    rated = Kind.FEEDBACK in {row.source for row in accumulations}
    return [sums, *bins, *([_ratings(relation)] if rated else ())]


def _bins(row: Accumulation, relation: str, label: str, condition: str) -> str:
    at = MINUTE if label == "''" else WINDOW
    return (f"SELECT 'bins', {row.key_sql}, {STRATUM}, {at}, '', {label}, {bin_sql(row.x)}::INTEGER, count(*), "
            f"0, 0, 0, NULL, NULL FROM {relation} WHERE {row.where} AND {condition} GROUP BY ALL")


def _ratings(relation: str) -> str:
    return (f"SELECT 'ratings', {RATED}, {STRATUM}, {WINDOW}, '', low || ':' || high, {SCORE}, count(*), 0, 0, 0, "
            f"NULL, NULL FROM {relation} GROUP BY ALL")
