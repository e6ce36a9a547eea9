"""Answers ErrorGroups: errors by fingerprint and arm, what the group is and when it was ever seen."""

from __future__ import annotations

from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import ErrorGroups, Rows
from rollout_core.storage.event_tail import tail_spans_sql
from rollout_core.storage.read_stretches import stretch_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import Stretch, quoted

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
    """Relations that end in `seen`: fingerprint, arm, n, subjects. Of the window `besides` only the same errors of the
    same people are looked at, so that few arms are looked up; whoever had one there is no new subject."""
    return (f"{_occurred(question, slot or 'coalesce(k0, k1, k2, k3)')}, "
            f"who AS ({_with_arms(reader, question, slot)}), "
            f"person AS (SELECT fingerprint, arm, subject, count(*) FILTER (late) AS n, bool_or(NOT late) AS known "
            f"FROM who GROUP BY ALL), "
            f"seen AS (SELECT fingerprint, arm, sum(n)::BIGINT AS n, count(subject) FILTER (NOT known) AS subjects "
            f"FROM person WHERE n > 0 GROUP BY ALL)")


def _occurred(question: ErrorGroups, subject: str) -> str:
    """Relations that end in `occurred`: fingerprint, subject, occurred_at, and whether it is in the window itself."""
    of_some = "" if question.rollout is None else f" AND {subject} IS NOT NULL"
    errors = f"SELECT fingerprint, {subject} AS subject, occurred_at, TRUE AS late FROM event_error WHERE"
    within = f"{errors} {stretch_of(question.window).sql()}{of_some}"
    if question.besides is None:
        return f"occurred AS ({within})"
    earlier = (f"SELECT fingerprint, subject, occurred_at, FALSE FROM ({errors} {stretch_of(question.besides).sql()}"
               f"{of_some}) SEMI JOIN (SELECT DISTINCT fingerprint, subject FROM newest) USING (fingerprint, subject)")
    return f"newest AS MATERIALIZED ({within}), occurred AS MATERIALIZED (FROM newest UNION ALL {earlier})"


def _with_arms(reader: Reader, question: ErrorGroups, slot: str | None) -> str:
    if question.rollout is None or slot is None:
        return "SELECT *, 'all' AS arm FROM occurred"
    return (f"SELECT e.*, coalesce(nullif(s.arm, 'before'), 'unattributed') AS arm FROM occurred AS e "
            f"LEFT JOIN ({_spans(reader, question, slot)}) AS s ON s.subject_key = e.subject "
            f"AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at")


def _spans(reader: Reader, question: ErrorGroups, slot: str) -> str:
    """SELECT of spans: those of people of the last hours are asked of the small table that follows them."""
    rollout, followed = question.rollout or "", reader.followed_since_at
    if followed is None or question.window.since_at < followed:
        return f"SELECT subject_key, from_at, to_at, arm FROM arm_span WHERE rollout = {quoted(rollout)}"
    return tail_spans_sql(rollout, slot, "SELECT subject FROM occurred", _covering(question))


def _covering(question: ErrorGroups) -> Stretch:
    """From the first error that is looked at to the last."""
    before, window = question.besides or question.window, question.window
    return stretch_of(Window(min(before.since_at, window.since_at), max(before.until_at, window.until_at)))
