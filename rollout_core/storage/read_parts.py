"""Answers Parts: sums or histogram counts by the values of one column of the events, always from raw events."""

from __future__ import annotations

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import Parts, Rows
from rollout_core.ports.subject_questions import ATTRIBUTE, AUDIENCE
from rollout_core.storage.accumulations import PAGE_LOAD, SESSION_CATEGORY, Accumulation, bin_sql
from rollout_core.storage.event_tables import OWN, event_table
from rollout_core.storage.read_raw import Parted, attributed_cte, by_source, listed
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.subject_parts import parted_sql
from rollout_core.storage.window_facts import contributions_sql

EVERYWHERE = ("page", "device")
"""Columns that events of every kind have and that may divide them."""
RELEASE = "release"
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
    of_people = question.column == AUDIENCE or question.column.startswith(ATTRIBUTE)
    if question.population is None if of_people else question.column not in dividing(source):
        raise InvalidRequest(f"{question.metric} cannot be divided by {question.column!r}.",
                             mend=f"Divide it by {', '.join(dividing(source))}.")
    parted = _parted(reader, question, source)
    cte = attributed_cte(reader, source, question.rollout, question.window, parted=parted)
    if not cte:
        return []
    extra = f", {question.column} AS part" if parted is None else ", part"
    counted = (f"SELECT * FROM ({contributions_sql(accumulations, 'attributed', extra)}) "
               f"WHERE metric IN ({listed((question.metric,))}) AND part IS NOT NULL")
    frequent = (f"SELECT part FROM ({counted}) GROUP BY part ORDER BY count(*) DESC, part "
                f"LIMIT {int(question.limit)}")
    taken = f"{bin_sql('x')}::INTEGER AS b, count(*) AS n" if question.binned else SUMS
    found: list[tuple[object, ...]] = reader.rows(
        f"{cte} SELECT {', '.join(KEYS)}, {taken} FROM ({counted}) WHERE part IN ({frequent}) GROUP BY ALL").rows
    return found


def _parted(reader: Reader, question: Parts, source: str) -> Parted | None:
    """Where the part is no column of the counted events: builds, which rollups do not know, and what people have."""
    if question.column == RELEASE:
        within = stretch_of(question.window).sql()
        return Parted("event_id", f"SELECT event_id, release AS part FROM {event_table(source)} WHERE {within} "
                                  "AND release IS NOT NULL")
    if question.population is None:
        return None
    return Parted("subject_key", parted_sql(reader, question.column, question.population))


def dividing(source: str) -> tuple[str, ...]:
    """The columns by which a source may be divided; names that are part of the metric's key do not divide it."""
    if source in (PAGE_LOAD, SESSION_CATEGORY):
        return EVERYWHERE
    own = {name for name, _, _ in OWN[Kind(source)]}
    return (*EVERYWHERE, RELEASE, *(column for column in DIVIDING[2:] if column in own))
