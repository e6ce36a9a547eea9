"""Answers Tail: all sums and histogram counts of what happened after the watermark, read from raw events at once.

Planning the statement costs more than the minutes it reads, so it has few parts: each event becomes one row with
everything that it adds (`tail_fact`), which meets the arms once (`placed`), and each sort of answer is one GROUP BY.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollout_core.metrics.event import Kind
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, Rows, Tail
from rollout_core.storage.accumulations import (
    PAGE_LOAD,
    SESSION_CATEGORY,
    SOURCES,
    Accumulation,
    accumulations_of,
    bin_sql,
)
from rollout_core.storage.read_histograms import slices_of
from rollout_core.storage.read_ratings import RATED, SCORE
from rollout_core.storage.read_raw import by_source, spans_of
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.read_totals import bucket_sql
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_facts import flag_sql
from rollout_core.storage.window_rollups import HOUR_SUMS
from rollout_core.storage.window_sources import (
    SESSION_ONCE,
    VITAL_ONCE,
    Stretch,
    counted_sql,
    session_once_sql,
    vital_once_sql,
)

MINUTE, WINDOW = "date_trunc('minute', occurred_at)", bucket_sql(300)
"""Windows close after full 5 minutes: what is left of a tail then can be told apart."""
STRATUM = "arm, epoch, inclusion"
MOST = max(len(accumulations_of(source)) for source in SOURCES)
"""So many sums an event adds to at most: metric1, d1, x1 … of a fact. The first is the one with a histogram."""

FACT = "tail_fact"
"""What each event adds, of the cursor alone. A table and no relation of the one statement: with sessions, vitals and
requests of some minutes of a burst that never ended, and could not be stopped either (decision 101)."""

SHARED = ((SESSION_ONCE, frozenset((Kind.SESSION.value, SESSION_CATEGORY)), session_once_sql),
          (VITAL_ONCE, frozenset((Kind.WEB_VITAL.value, PAGE_LOAD)), vital_once_sql))
"""What two sources are made from: read once where both are asked for."""


def tail(reader: Reader, question: Tail) -> Rows:
    """Tail. What nothing feeds, or what belongs to a unit that no event has named, has no rows."""
    sources = tuple(by_source(question.metrics))
    unit = reader.unit_of(question.rollout) if question.rollout is not None else None
    slot = reader.slot(unit) if unit is not None else None
    if not sources or (question.rollout is not None and slot is None):
        return Rows(TAIL_COLUMNS, [], reader.closed_until_at)
    counted = ", ".join(_counted(sources, stretch_of(question.window)))
    placed = ", ".join(_placed(reader, question.rollout, slot, question.window))
    reader.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {FACT} AS WITH {counted} {_facts(sources, slot)}")
    rows = reader.rows(f"WITH {placed} {_answered(sources)}").rows
    reader.cursor.execute(f"DROP TABLE {FACT}")     # after an error the transaction's end takes it away
    return Rows(TAIL_COLUMNS, rows, reader.closed_until_at)


def _counted(sources: Sequence[str], stretch: Stretch) -> Iterator[str]:
    """Relations c0, c1 … of the countable rows of each source, after what they share."""
    made = [(name, users, make) for name, users, make in SHARED if users <= set(sources)]
    yield from (f"{name} AS MATERIALIZED ({make(stretch)})" for name, _, make in made)
    for place, source in enumerate(sources):
        counted = counted_sql(source, stretch, shared=any(source in users for _, users, _ in made))
        yield f"c{place} AS NOT MATERIALIZED ({counted})"


def _facts(sources: Sequence[str], slot: str | None) -> str:
    """SELECT of a fact for each event. A score is one of its own, the only one without a flag."""
    whose, known = ("NULL::UBIGINT", "TRUE") if slot is None else (slot, f"{slot} IS NOT NULL")
    adds = [(place, _adds(accumulations_of(source))) for place, source in enumerate(sources)]
    if Kind.FEEDBACK in sources:
        adds.append((sources.index(Kind.FEEDBACK), _fact("NULL", ("low || ':' || high",), [(RATED, "1", SCORE)])))
    return " UNION ALL ".join(f"SELECT {whose} AS subject_key, occurred_at, weight_milli, {added} FROM c{place} "
                              f"WHERE {known}" for place, added in adds)


def _adds(rows: Sequence[Accumulation]) -> str:
    first, *others = sorted(rows, key=lambda row: not row.histogram)
    parts = tuple(label for label, _ in slices_of(first, None)[1:]) if first.histogram else ()
    sums = [(_key(row), row.d, row.x) for row in (first, *others)]
    return _fact(flag_sql(first), parts, sums, binned=first.histogram)


def _key(row: Accumulation) -> str:
    """The metric that a row adds to, if it does."""
    return row.key_sql if row.where == "TRUE" else f"CASE WHEN {row.where} THEN {row.key_sql} END"


def _fact(flag: str, parts: Sequence[str], sums: list[tuple[str, str, str]], *, binned: bool = False) -> str:
    """SQL of a fact's columns; `sums` are SQL of metric, d and x."""
    part1, part2 = [*parts, "NULL", "NULL"][:2]
    every = [*sums, *[("NULL", "NULL", "NULL")] * (MOST - len(sums))]
    added = ", ".join(f"{metric} AS metric{n}, ({d})::BIGINT AS d{n}, ({x})::BIGINT AS x{n}"
                      for n, (metric, d, x) in enumerate(every, start=1))
    return f"{flag} AS flag, {str(binned).upper()} AS binned, {part1} AS part1, {part2} AS part2, {added}"


def _placed(reader: Reader, rollout: str | None, slot: str | None, window: Window) -> Iterator[str]:
    """Relations that end in `placed`: facts with the arm they belong to."""
    if rollout is None or slot is None:
        yield f"placed AS NOT MATERIALIZED (SELECT 'all' AS arm, 0 AS epoch, 0 AS inclusion, * FROM {FACT})"
        return
    spans = spans_of(reader, rollout, slot, f"SELECT DISTINCT subject_key FROM {FACT}", window)
    yield f"spans AS MATERIALIZED ({spans})"
    yield ("placed AS MATERIALIZED (SELECT coalesce(s.arm, 'unattributed') AS arm, coalesce(s.epoch, 0) AS epoch, "
           f"coalesce(s.inclusion, 0) AS inclusion, f.* EXCLUDE (subject_key) FROM {FACT} AS f LEFT JOIN spans AS s "
           "ON s.subject_key = f.subject_key AND f.occurred_at >= s.from_at AND f.occurred_at < s.to_at)")


def _answered(sources: Sequence[str]) -> str:
    """Sums by minute; histogram counts by minute, and of the slices by 5 minutes; so scores."""
    rows = [accumulations_of(source) for source in sources]
    sums = " UNION ALL ".join(
        f"SELECT {STRATUM}, occurred_at, weight_milli, flag, metric{n} AS metric, d{n} AS d, x{n} AS x FROM placed "
        f"WHERE metric{n} IS NOT NULL AND flag IS NOT NULL" for n in range(1, max(map(len, rows)) + 1))
    answered = [f"SELECT 'sums' AS what, metric, {STRATUM}, {MINUTE} AS at, flag, '' AS slice, 0 AS b, {HOUR_SUMS} "
                f"FROM ({sums}) GROUP BY ALL"]
    slices = [len(row.slices) for each in rows for row in each if row.histogram]
    if slices:
        answered.append(_counts("bins", MINUTE, "''", bin_sql("x1"), "binned"))
    answered += [_counts("bins", WINDOW, f"part{n}", bin_sql("x1"), f"binned AND part{n} IS NOT NULL")
                 for n in range(1, max(slices, default=0) + 1)]
    if Kind.FEEDBACK in sources:
        answered.append(_counts("ratings", WINDOW, "part1", "x1", "flag IS NULL"))
    return " UNION ALL ".join(answered)


def _counts(what: str, at: str, part: str, b: str, where: str) -> str:
    return (f"SELECT '{what}', metric1, {STRATUM}, {at}, '', {part}, ({b})::INTEGER, count(*), 0, 0, 0, NULL, NULL "
            f"FROM placed WHERE {where} AND metric1 IS NOT NULL GROUP BY ALL")
