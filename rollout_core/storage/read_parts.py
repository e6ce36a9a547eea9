"""Answers Parts: sums or histogram counts by the values of one column of the events, always from raw events."""

from __future__ import annotations

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import Parts, Rows
from rollout_core.storage.accumulations import PAGE_LOAD, SESSION_CATEGORY, Accumulation, bin_sql
from rollout_core.storage.event_tables import OWN
from rollout_core.storage.read_raw import attributed_cte, by_source, listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_rollups import contributions_sql

EVERYWHERE = ("page", "device")
"""Columns that events of every kind have and that may divide them."""
DIVIDING = (*EVERYWHERE, "endpoint", "name", "category", "flag")
SUMS = "sum(d)::BIGINT AS n, sum(x)::HUGEINT AS s, sum(x::HUGEINT * x)::HUGEINT AS ss"
KEYS = ("part", "arm", "epoch", "inclusion")


def parts(reader: Reader, question: Parts) -> Rows:
    """Parts, the most frequent first in no certain order. Raises InvalidRequest for a column that a metric lacks."""
    columns = (*KEYS, "b", "n") if question.binned else (*KEYS, "n", "s", "ss")
    rows = [row for source, accumulations in by_source((question.metric,)).items()
            for row in _of_source(reader, question, source, accumulations)]
    return Rows(columns, rows, reader.closed_until_at)


def _of_source(reader: Reader, question: Parts, source: str,
               accumulations: list[Accumulation]) -> list[tuple[object, ...]]:
    if question.column not in dividing(source):
        raise InvalidRequest(f"{question.metric} cannot be divided by {question.column!r}.",
                             mend=f"Divide it by {', '.join(dividing(source))}.")
    cte = attributed_cte(reader, source, question.rollout, question.window)
    if not cte:
        return []
    counted = (f"SELECT * FROM ({contributions_sql(accumulations, 'attributed', f', {question.column} AS part')}) "
               f"WHERE metric IN ({listed((question.metric,))}) AND part IS NOT NULL")
    frequent = (f"SELECT part FROM ({counted}) GROUP BY part ORDER BY count(*) DESC, part "
                f"LIMIT {int(question.limit)}")
    taken = f"{bin_sql('x')}::INTEGER AS b, count(*) AS n" if question.binned else SUMS
    found: list[tuple[object, ...]] = reader.rows(
        f"{cte} SELECT {', '.join(KEYS)}, {taken} FROM ({counted}) WHERE part IN ({frequent}) GROUP BY ALL").rows
    return found


def dividing(source: str) -> tuple[str, ...]:
    """The columns by which a source may be divided; names that are part of the metric's key do not divide it."""
    if source in (PAGE_LOAD, SESSION_CATEGORY):
        return EVERYWHERE
    own = {name for name, _, _ in OWN[Kind(source)]}
    return (*EVERYWHERE, *(column for column in DIVIDING[2:] if column in own))
