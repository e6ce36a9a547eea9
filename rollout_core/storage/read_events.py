"""Answers about single events and the ledger: groups, pages of rows, dead letters, ingest, newest of each kind."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Kind
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import (
    EVERYTHING,
    DaysAside,
    DeadLetters,
    EventPage,
    IngestCounts,
    LastSeen,
    Latest,
    Refusals,
    Rows,
    StoredCounts,
    TopGroups,
    Watermarks,
)
from rollout_core.storage.day_parts import EVERY_DAY
from rollout_core.storage.event_insert import literal
from rollout_core.storage.event_tables import EVENT_TABLES, event_table
from rollout_core.storage.read_raw import attributed_cte
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

MOST_ROWS = 1_000
RECENT = timedelta(hours=1)
"""Whatever arrives all the time has an event in this time before the watermark or after it."""
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


def event_page(reader: Reader, question: EventPage) -> Rows:
    """Rows of one kind, newest first, with their arm when a rollout is named. Raises InvalidRequest."""
    kind = _kind(question.kind)
    names = [column.name for column in EVENT_TABLES[kind].columns if column.name not in HIDDEN]
    if question.said is not None and question.said not in names:
        raise InvalidRequest(f"A {kind.value} has no column {question.said!r}.")
    columns, slot = ", ".join(names), None
    if question.rollout is not None:
        unit = reader.unit_of(question.rollout)
        slot = reader.slot(unit) if unit is not None else None
        if slot is None:
            return Rows((*names, "arm"), [], reader.closed_until_at)
    newest = _newest_sql(reader, kind, question, ", ".join(filter(None, (columns, slot))), slot)
    if slot is None:
        return reader.rows(newest)
    return reader.rows(
        f"WITH page AS MATERIALIZED ({newest}) SELECT {columns}, coalesce(s.arm, 'unattributed') AS arm FROM page "
        f"LEFT JOIN (SELECT subject_key, from_at, to_at, arm FROM arm_span WHERE rollout = "
        f"{quoted(question.rollout or '')}) AS s ON s.subject_key = {slot} AND occurred_at >= s.from_at "
        f"AND occurred_at < s.to_at ORDER BY occurred_at DESC, event_id")


def _newest_sql(reader: Reader, kind: Kind, question: EventPage, columns: str, slot: str | None) -> str:
    """SELECT of the newest rows. How far back they reach is looked up in the times alone: sorting whole rows of a long
    window reads them all."""
    window = question.window
    if question.before_at is not None:
        window = Window(window.since_at, min(window.until_at, question.before_at))
    limit = max(1, min(MOST_ROWS, int(question.limit)))
    wanted = "".join(f" AND {column} IS NOT NULL" for column in (slot, question.said) if column is not None)
    inside = f"FROM {event_table(kind)} WHERE {stretch_of(window).sql()}{wanted}"
    since_at = reader.rows(f"SELECT min(occurred_at) FROM (SELECT occurred_at {inside} "
                           f"ORDER BY occurred_at DESC LIMIT {limit})").rows[0][0]
    reached = f" AND occurred_at >= {literal(since_at)}" if since_at is not None else ""
    return f"SELECT {columns} {inside}{reached} ORDER BY occurred_at DESC, event_id LIMIT {limit}"


def dead_letters(reader: Reader, question: DeadLetters) -> Rows:
    """Refused events, newest first."""
    return reader.rows(
        "SELECT received_at, reason, detail, event_id, kind, sender, raw FROM dead_letter "
        "WHERE ? IS NULL OR reason = ? ORDER BY received_at DESC, batch DESC "
        f"LIMIT {max(1, min(MOST_ROWS, int(question.limit)))}", [question.reason, question.reason])


def refusals(reader: Reader, question: Refusals) -> Rows:
    """Dead letters by reason."""
    return reader.rows("SELECT reason, count(*) AS n FROM dead_letter GROUP BY 1 ORDER BY 1")


def aside(reader: Reader, question: DaysAside) -> Rows:
    """Days put aside."""
    return reader.rows("SELECT day, failed_at, tries, why FROM day_aside ORDER BY day")


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
    """How far windows are closed, the newest stamp of a rebuilt day and that of all days."""
    return reader.rows("SELECT name, reached_at, NULL::BIGINT AS stamp FROM watermark WHERE name = 'windows' UNION ALL "
                       "SELECT 'rebuilt', NULL, max(stamp) FROM day_stamp UNION ALL "
                       f"SELECT '{EVERYTHING}', NULL, max(stamp) FROM day_stamp WHERE day = DATE '{EVERY_DAY}'")


def last_seen(reader: Reader, question: LastSeen) -> Rows:
    """The newest event of each kind and how many there are. Where something was written since the last checkpoint the
    tables' statistics do not tell the newest, so it is looked for in the last hours first: older rows are skipped."""
    newest = {} if reader.closed_until_at is None else _newest(
        reader, tuple(Kind), f" WHERE occurred_at >= {literal(reader.closed_until_at - RECENT)}")
    newest |= _newest(reader, tuple(kind for kind in Kind if newest.get(kind.value) is None), "")
    if not question.counted:
        return Rows(("kind", "occurred_at"), list(newest.items()), reader.closed_until_at)
    stored = dict(reader.rows(" UNION ALL ".join(
        f"SELECT {quoted(kind.value)}, count(*) FROM {event_table(kind)}" for kind in Kind)).rows)
    return Rows(("kind", "occurred_at", "stored"), [(kind, at, stored[kind]) for kind, at in newest.items()],
                reader.closed_until_at)


def _newest(reader: Reader, kinds: tuple[Kind, ...], where: str) -> dict[str, datetime | None]:
    """Kind -> its newest event, None without any."""
    return dict(reader.rows(" UNION ALL ".join(
        f"SELECT {quoted(kind.value)}, max(occurred_at) FROM {event_table(kind)}{where}" for kind in kinds)).rows
    ) if kinds else {}


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
