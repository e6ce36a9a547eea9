"""Answers ErrorGroups: errors by fingerprint and arm, what the group is and when it was ever seen."""

from __future__ import annotations

from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import ErrorGroups, Rows
from rollout_core.storage.event_tail import tail_spans_sql
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

COLUMNS = ("fingerprint", "category", "severity", "name", "message", "first_at", "last_at", "release", "arm", "n",
           "subjects")


def error_groups(reader: Reader, question: ErrorGroups) -> Rows:
    """Errors by fingerprint and arm within the window, with what the group is and when it was ever seen."""
    unit = reader.unit_of(question.rollout) if question.rollout is not None else None
    slot = reader.slot(unit) if unit is not None else None
    if question.rollout is not None and slot is None:
        return Rows(COLUMNS, [], reader.closed_until_at)
    pattern = "%" + question.search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return reader.rows(
        f"WITH {_seen(reader, question, slot)}, latest AS (SELECT fingerprint, "
        f"arg_max(category, occurred_at) AS category, "
        f"arg_max(severity, occurred_at) AS severity, arg_max(name, occurred_at) AS name, "
        f"arg_max(message, occurred_at) AS message, arg_max(release, occurred_at) AS release, "
        f"min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM event_error "
        f"WHERE {stretch_of(question.window).sql()} GROUP BY 1), "
        f"known AS (SELECT l.fingerprint, l.category, l.severity, l.name, l.message, l.release, "
        f"least(l.first_at, g.first_at) AS first_at, greatest(l.last_at, g.last_at) AS last_at FROM latest AS l "
        f"LEFT JOIN error_group AS g USING (fingerprint)), "
        f"kept AS (SELECT fingerprint FROM known JOIN seen USING (fingerprint) "
        f"WHERE ? = '%%' OR message ILIKE ? ESCAPE '\\' OR name ILIKE ? ESCAPE '\\' GROUP BY 1 "
        f"ORDER BY sum(n) DESC, 1 LIMIT {int(question.limit)}) "
        f"SELECT {', '.join(COLUMNS)} FROM kept JOIN known USING (fingerprint) JOIN seen USING (fingerprint) "
        f"ORDER BY fingerprint, arm", [pattern] * 3)


def _seen(reader: Reader, question: ErrorGroups, slot: str | None) -> str:
    """Relations that end in `seen`: fingerprint, arm, n, subjects."""
    who = f"who AS MATERIALIZED ({_people(reader, question, slot, question.window)})"
    if question.besides is None:
        return (f"{who}, seen AS (SELECT fingerprint, arm, sum(n)::BIGINT AS n, count(subject) AS subjects FROM who "
                f"GROUP BY ALL)")
    earlier = _people(reader, question, slot, question.besides, "SELECT subject FROM who")
    return (f"{who}, earlier AS MATERIALIZED ({earlier}), seen AS (SELECT w.fingerprint, w.arm, "
            f"sum(w.n)::BIGINT AS n, count(w.subject) FILTER (o.subject IS NULL) AS subjects FROM who AS w "
            f"LEFT JOIN earlier AS o ON o.fingerprint = w.fingerprint AND o.arm = w.arm AND o.subject = w.subject "
            f"GROUP BY ALL)")


def _people(reader: Reader, question: ErrorGroups, slot: str | None, window: Window, among: str = "") -> str:
    """SELECT of fingerprint, arm, subject, n; `among` is a SELECT of the subjects to look at."""
    subject = "coalesce(k0, k1, k2, k3)" if slot is None else slot
    narrowed = f" AND {subject} IN ({among})" if among else ""
    errors = (f"SELECT fingerprint, {subject} AS subject, occurred_at FROM event_error "
              f"WHERE {stretch_of(window).sql()}{narrowed}")
    if slot is None:
        return f"SELECT fingerprint, 'all' AS arm, subject, count(*) AS n FROM ({errors}) GROUP BY ALL"
    spans = _spans(reader, question.rollout or "", slot, window, among)
    return (f"SELECT e.fingerprint, coalesce(nullif(s.arm, 'before'), 'unattributed') AS arm, e.subject, "
            f"count(*) AS n FROM ({errors} AND {slot} IS NOT NULL) AS e LEFT JOIN ({spans}) AS s "
            f"ON s.subject_key = e.subject AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at GROUP BY ALL")


def _spans(reader: Reader, rollout: str, slot: str, window: Window, among: str) -> str:
    """SELECT of spans: those of the last hours are asked of the small table that follows them."""
    if reader.followed_since_at is None or window.since_at < reader.followed_since_at:
        narrowed = f" AND subject_key IN ({among})" if among else ""
        return f"SELECT subject_key, from_at, to_at, arm FROM arm_span WHERE rollout = {quoted(rollout)}{narrowed}"
    stretch = stretch_of(window)
    keys = f"SELECT {slot} FROM event_error WHERE {stretch.sql()} AND {slot} IS NOT NULL"
    return tail_spans_sql(rollout, slot, keys, stretch)
