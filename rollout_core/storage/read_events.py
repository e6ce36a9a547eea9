"""Answers about single events and the ledger: groups, pages of rows, dead letters, ingest, newest of each kind."""

from __future__ import annotations

from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import (
    DeadLetters,
    ErrorGroups,
    EventPage,
    IngestCounts,
    LastSeen,
    Latest,
    Rows,
    StoredCounts,
    TopGroups,
    Watermarks,
)
from rollout_core.storage.event_insert import literal
from rollout_core.storage.event_tables import EVENT_TABLES, event_table
from rollout_core.storage.read_raw import attributed_cte
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

MOST_ROWS = 1_000
HIDDEN = ("k0", "k1", "k2", "k3", "session_key", "load_key", "subject_key", "batch", "trusted", "client_at")
"""Columns that stay inside: keys mean nothing to people."""


def top_groups(reader: Reader, question: TopGroups) -> Rows:
    """The most frequent values of a column. Raises InvalidRequest for an unknown kind or column."""
    kind = _kind(question.kind)
    if question.column not in EVENT_TABLES[kind].columns:
        raise InvalidRequest(f"A {kind.value} has no column {question.column!r}.")
    cte = attributed_cte(reader, kind, question.rollout, question.window)
    if not cte:
        return Rows(("value", "arm", "n", "subjects", "first_at", "last_at"), [], reader.closed_until_at)
    return reader.rows(
        f"{cte}, top AS (SELECT {question.column} AS value FROM attributed WHERE {question.column} IS NOT NULL "
        f"GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {int(question.limit)}) "
        f"SELECT a.{question.column} AS value, a.arm, count(*) AS n, count(DISTINCT a.subject) AS subjects, "
        f"min(a.occurred_at) AS first_at, max(a.occurred_at) AS last_at FROM attributed AS a "
        f"JOIN top ON top.value = a.{question.column} GROUP BY ALL ORDER BY n DESC, 1, 2")


def error_groups(reader: Reader, question: ErrorGroups) -> Rows:
    """Errors by fingerprint and arm within the window, with what the group is and when it was ever seen."""
    unit = reader.unit_of(question.rollout) if question.rollout is not None else None
    slot = reader.slot(unit) if unit is not None else None
    if question.rollout is not None and slot is None:
        return Rows(ERROR_COLUMNS, [], reader.closed_until_at)
    window = question.window
    spans = f"(SELECT * FROM arm_span WHERE rollout = {quoted(question.rollout or '')})"
    seen = (f"SELECT e.fingerprint, 'all' AS arm, count(*) AS n, count(DISTINCT coalesce(k0, k1, k2, k3)) AS subjects "
            f"FROM event_error AS e WHERE {_within(window.since_at, window.until_at)} GROUP BY ALL" if slot is None else
            f"SELECT e.fingerprint, coalesce(s.arm, 'unattributed') AS arm, count(*) AS n, "
            f"count(DISTINCT e.{slot}) AS subjects FROM event_error AS e LEFT JOIN {spans} AS s "
            f"ON s.subject_key = e.{slot} AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at "
            f"WHERE e.{slot} IS NOT NULL AND {_within(window.since_at, window.until_at)} GROUP BY ALL")
    pattern = "%" + question.search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return reader.rows(
        f"WITH seen AS ({seen}), latest AS (SELECT fingerprint, arg_max(category, occurred_at) AS category, "
        f"arg_max(severity, occurred_at) AS severity, arg_max(name, occurred_at) AS name, "
        f"arg_max(message, occurred_at) AS message, arg_max(release, occurred_at) AS release, "
        f"min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM event_error "
        f"WHERE {_within(window.since_at, window.until_at, '')} GROUP BY 1), "
        f"known AS (SELECT l.fingerprint, l.category, l.severity, l.name, l.message, l.release, "
        f"least(l.first_at, g.first_at) AS first_at, greatest(l.last_at, g.last_at) AS last_at FROM latest AS l "
        f"LEFT JOIN error_group AS g USING (fingerprint)), "
        f"kept AS (SELECT fingerprint FROM known JOIN seen USING (fingerprint) "
        f"WHERE ? = '%%' OR message ILIKE ? ESCAPE '\\' OR name ILIKE ? ESCAPE '\\' GROUP BY 1 "
        f"ORDER BY sum(n) DESC, 1 LIMIT {int(question.limit)}) "
        f"SELECT {', '.join(ERROR_COLUMNS)} FROM kept JOIN known USING (fingerprint) JOIN seen USING (fingerprint) "
        f"ORDER BY fingerprint, arm", [pattern] * 3)


ERROR_COLUMNS = ("fingerprint", "category", "severity", "name", "message", "first_at", "last_at", "release", "arm", "n",
                 "subjects")


def _within(since_at: datetime, until_at: datetime, alias: str = "e.") -> str:
    return f"{alias}occurred_at >= {literal(since_at)} AND {alias}occurred_at < {literal(until_at)}"


def event_page(reader: Reader, question: EventPage) -> Rows:
    """Rows of one kind, newest first, with their arm when a rollout is named. Raises InvalidRequest."""
    kind = _kind(question.kind)
    until_at = min(question.window.until_at, question.before_at or question.window.until_at)
    names = [column.name for column in EVENT_TABLES[kind].columns if column.name not in HIDDEN]
    newest = f"ORDER BY occurred_at DESC, event_id LIMIT {max(1, min(MOST_ROWS, int(question.limit)))}"
    inside = _within(question.window.since_at, until_at)
    if question.rollout is None:
        return reader.rows(f"SELECT {', '.join(names)} FROM {event_table(kind)} AS e WHERE {inside} {newest}")
    unit = reader.unit_of(question.rollout)
    slot = reader.slot(unit) if unit is not None else None
    if slot is None:
        return Rows((*names, "arm"), [], reader.closed_until_at)
    return reader.rows(
        f"SELECT {', '.join(f'e.{name}' for name in names)}, coalesce(s.arm, 'unattributed') AS arm "
        f"FROM {event_table(kind)} AS e LEFT JOIN (SELECT * FROM arm_span WHERE rollout = {quoted(question.rollout)}) "
        f"AS s ON s.subject_key = e.{slot} AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at "
        f"WHERE e.{slot} IS NOT NULL AND {inside} {newest}")


def dead_letters(reader: Reader, question: DeadLetters) -> Rows:
    """Refused events, newest first."""
    return reader.rows(
        "SELECT received_at, reason, detail, event_id, kind, sender, raw FROM dead_letter "
        "WHERE ? IS NULL OR reason = ? ORDER BY received_at DESC, batch DESC "
        f"LIMIT {max(1, min(MOST_ROWS, int(question.limit)))}", [question.reason, question.reason])


def ingest_counts(reader: Reader, question: IngestCounts) -> Rows:
    """What became of what was sent, per hour of receipt."""
    return reader.rows(
        f"SELECT hour, kind, outcome, sum(n)::BIGINT AS n FROM ingest_hour WHERE hour >= "
        f"date_trunc('hour', {literal(question.window.since_at)}) AND hour < {literal(question.window.until_at)} "
        f"GROUP BY ALL ORDER BY ALL")


def stored_counts(reader: Reader, question: StoredCounts) -> Rows:
    """Rows of the batches that were acknowledged in the window, and what was acknowledged."""
    since, until = literal(question.window.since_at), literal(question.window.until_at)
    written = f"FROM batch_token WHERE received_at >= {since} AND received_at < {until} AND stored > 0"
    summary = f"SELECT min(batch), max(batch), coalesce(sum(stored), 0)::BIGINT {written}"
    first, last, stored = reader.rows(summary).rows[0]
    if first is None:
        return Rows(("kind", "n"), [], reader.closed_until_at)
    found = reader.rows(" UNION ALL ".join(
        f"SELECT {quoted(kind.value)} AS kind, count(*) AS n FROM {event_table(kind)} "
        f"WHERE batch >= {int(first)} AND batch <= {int(last)} AND batch IN (SELECT batch {written})" for kind in Kind))
    return Rows(("kind", "n"), [*found.rows, ("acknowledged", stored)], reader.closed_until_at)


def watermarks(reader: Reader, question: Watermarks) -> Rows:
    """How far windows are closed, and the newest stamp of a rebuilt day."""
    return reader.rows("SELECT name, reached_at, NULL::BIGINT AS stamp FROM watermark WHERE name = 'windows' UNION ALL "
                       "SELECT 'rebuilt', NULL, max(stamp) FROM day_stamp")


def last_seen(reader: Reader, question: LastSeen) -> Rows:
    """The newest event of each kind and how many there are; min and max come from the tables' statistics."""
    return reader.rows(" UNION ALL ".join(
        f"SELECT {quoted(kind.value)} AS kind, max(occurred_at) AS occurred_at, max(received_at) AS received_at, "
        f"count(*) AS stored FROM {event_table(kind)}" for kind in Kind))


LATEST_KINDS = (Kind.HEALTH_CHECK, Kind.SUPPORT_TICKET, Kind.SECURITY_ISSUE)


def latest(reader: Reader, question: Latest) -> Rows:
    """The newest row per name. Raises InvalidRequest for a kind without names of that sort."""
    kind = _kind(question.kind)
    if kind not in LATEST_KINDS:
        raise InvalidRequest(f"Latest is not kept for {kind.value}.",
                             mend=f"Ask for one of {', '.join(LATEST_KINDS)}.")
    columns = ", ".join(column.name for column in EVENT_TABLES[kind].columns if column.name not in HIDDEN)
    return reader.rows(
        f"SELECT {columns} FROM {event_table(kind)} WHERE occurred_at >= {literal(question.since_at)} "
        f"QUALIFY row_number() OVER (PARTITION BY coalesce(name, event_id) ORDER BY occurred_at DESC, event_id) = 1 "
        f"ORDER BY name, event_id")


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is no kind of event.", mend=f"Use one of {', '.join(Kind)}.") from None
