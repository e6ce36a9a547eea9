"""SQL of what counts: events of a stretch of time as the rollups see them, with the arm of every rollout they concern.

Sources are the kinds plus page_load. A measurement sent again with the same id counts once, with its largest value; a
session counts once and knows whether it had errors. Such relations are looked for 6 h around the stretch.
All SQL here is made of names from our own tables, integers and timestamps; user text never enters it (rollout keys are
bound as quoted literals by `quoted`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout_core.metrics.event import Kind
from rollout_core.metrics.vital_score import VITAL_LIMITS
from rollout_core.storage.accumulations import PAGE_LOAD, SESSION_CATEGORY
from rollout_core.storage.event_insert import literal
from rollout_core.storage.event_tables import OWN, SLOTS, event_table

AROUND = timedelta(hours=6)
BEGINNING = datetime.fromisoformat("0001-01-01T00:00:00")
"""Before everything; naive UTC, as DuckDB gives times."""
FIRST_INSTANT = "TIMESTAMP '0001-01-01 00:00:00'"
LAST_INSTANT = "TIMESTAMP '9999-12-31 00:00:00'"
CARRIED = f"e.* EXCLUDE (event_id, session_key, {', '.join(SLOTS)})"
"""What the rollups need of an event once its arm is known."""
SHARED = ("event_id", "occurred_at", *SLOTS, "session_key", "weight_milli", "page", "device")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events with since <= occurred_at < until are counted; nothing from `known_until` on is looked at."""

    since: datetime
    until: datetime
    known_until: datetime | None = None

    def sql(self, column: str = "occurred_at") -> str:
        """The condition on a column."""
        return f"({column} >= {literal(self.since)} AND {column} < {literal(self.until)})"

    def around(self) -> str:
        """The condition that includes what may belong to events of the stretch."""
        until = self.until + AROUND
        if self.known_until is not None:
            until = min(until, self.known_until)
        return f"(occurred_at >= {literal(self.since - AROUND)} AND occurred_at < {literal(until)})"


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


SESSION_ONCE, VITAL_ONCE = "session_once", "vital_once"
"""Temporary tables of `session_once_sql` and `vital_once_sql`, which several sources are made from."""


def counted_sql(source: str, stretch: Stretch, *, shared: bool = False) -> str:
    """SELECT of the countable rows of a source: the shared columns and the source's own. `shared`: out of the
    temporary tables of this stretch, where there is one."""
    special = {Kind.SESSION.value: _sessions, Kind.WEB_VITAL.value: _vitals, PAGE_LOAD: _page_loads,
               SESSION_CATEGORY: _session_categories, Kind.API_REQUEST.value: _requests}
    make = special.get(source)
    if make is not None:
        return make(stretch, shared)
    kind = Kind(source)
    return f"SELECT {_columns(kind)} FROM {event_table(kind)} WHERE {stretch.sql()}"


def _columns(kind: Kind) -> str:
    own = [name for name, _, _ in OWN[kind] if name not in ("message", "comment", "reason", "variant", "trusted")]
    return ", ".join([*SHARED, *own])


def narrowing_columns(source: str) -> frozenset[str]:
    """The columns of a source that a condition of a question may name."""
    if source == PAGE_LOAD:
        return frozenset(("page", "device"))
    own = (name for name, _, _ in OWN[Kind.SESSION if source == SESSION_CATEGORY else Kind(source)])
    return frozenset(("page", "device", *own, *(("category",) if source == SESSION_CATEGORY else ())))


def _requests(stretch: Stretch, shared: bool) -> str:
    return (f"SELECT {_columns(Kind.API_REQUEST)}, (status IS NULL OR status >= 500) AS failed "
            f"FROM event_api_request WHERE {stretch.sql()}")


VITAL_ID = "coalesce(metric_id, event_id)"


def _largest(kind: Kind, partition: str, condition: str) -> str:
    """Each id once, with its largest value, at the time of that report."""
    return (f"SELECT {_columns(kind)} FROM {event_table(kind)} WHERE {condition} "
            f"QUALIFY row_number() OVER (PARTITION BY {partition} "
            f"ORDER BY value DESC NULLS LAST, occurred_at, event_id) = 1")


def _within(kind: Kind, column: str, condition: str) -> str:
    """Condition: the row's id is one of those that satisfy `condition`. Only they are sorted, not all that lies around.
    """
    return f"{column} IN (SELECT {column} FROM {event_table(kind)} WHERE {condition})"


def _vitals(stretch: Stretch, shared: bool) -> str:
    if shared:
        return f"SELECT * FROM {VITAL_ONCE} WHERE {stretch.sql()}"
    seen = f"{stretch.around()} AND {_within(Kind.WEB_VITAL, VITAL_ID, stretch.sql())}"
    return f"SELECT * FROM ({_largest(Kind.WEB_VITAL, f'name, {VITAL_ID}', seen)}) WHERE {stretch.sql()}"


def vital_once_sql(stretch: Stretch) -> str:
    """SELECT of the measurements of the page loads that the stretch touches, and of those in it without one."""
    touched = f"{stretch.around()} AND {_within(Kind.WEB_VITAL, 'load_key', stretch.sql())}"
    ids = f"SELECT {VITAL_ID} FROM event_web_vital WHERE"     # two lists: an OR of them is looked up row by row
    seen = f"{stretch.around()} AND {VITAL_ID} IN ({ids} {touched} UNION ALL {ids} {stretch.sql()})"
    return _largest(Kind.WEB_VITAL, f"name, {VITAL_ID}", seen)


def session_once_sql(stretch: Stretch) -> str:
    """SELECT of the sessions of the stretch, each once."""
    seen = f"{stretch.around()} AND {_within(Kind.SESSION, 'session_key', stretch.sql())}"
    return f"SELECT * FROM ({_largest(Kind.SESSION, 'session_key', seen)}) WHERE {stretch.sql()}"


def _one_per_session(stretch: Stretch, shared: bool) -> str:
    return f"SELECT * FROM {SESSION_ONCE}" if shared else session_once_sql(stretch)


def _sessions(stretch: Stretch, shared: bool) -> str:
    return (f"SELECT s.*, coalesce(e.errors, 0) AS errors, coalesce(e.criticals, 0) AS criticals "
            f"FROM ({_one_per_session(stretch, shared)}) AS s LEFT JOIN "
            f"(SELECT session_key, count(*) AS errors, count(*) FILTER (severity = 'critical') AS criticals "
            f"FROM event_error WHERE {stretch.around()} AND session_key IS NOT NULL GROUP BY 1) AS e "
            f"USING (session_key)")


def _session_categories(stretch: Stretch, shared: bool) -> str:
    return (f"SELECT s.*, e.category FROM ({_one_per_session(stretch, shared)}) AS s JOIN "
            f"(SELECT DISTINCT session_key, category FROM event_error WHERE {stretch.around()}) AS e "
            f"USING (session_key)")


def _page_loads(stretch: Stretch, shared: bool) -> str:
    """One row per page load at the time of its first vital. `score` is the weighted mean of its vitals' scores; a load
    is judged good or not when LCP and CLS are known; without an interaction there is no INP and the two decide."""
    one = f"SELECT * FROM {VITAL_ONCE}" if shared else vital_once_sql(stretch)
    weight = "CASE name " + " ".join(f"WHEN '{n}' THEN {v.weight}" for n, v in VITAL_LIMITS.items()) + " END"
    limit = {n: round(v.good * (1_000_000 if n == "CLS" else 1_000)) for n, v in VITAL_LIMITS.items()}
    worst = {n: f"max(value) FILTER (name = '{n}')" for n in ("LCP", "INP", "CLS")}
    firsts = ", ".join(f"arg_min({c}, occurred_at) AS {c}" for c in (*SLOTS, "session_key", "page", "device"))
    return (f"SELECT * FROM (SELECT min(event_id) AS event_id, min(occurred_at) AS occurred_at, {firsts}, "
            f"max(weight_milli) AS weight_milli, load_key, "
            f"(sum(score * {weight}) // nullif(sum({weight}), 0))::BIGINT AS score, "
            f"{worst['LCP']} IS NOT NULL AND {worst['CLS']} IS NOT NULL AS judged, "
            f"coalesce({worst['LCP']} <= {limit['LCP']} AND {worst['CLS']} <= {limit['CLS']} "
            f"AND coalesce({worst['INP']}, 0) <= {limit['INP']}, FALSE) AS good "
            f"FROM ({one}) WHERE load_key IS NOT NULL GROUP BY load_key) WHERE {stretch.sql()}")


def spans_sql(rollout: str, slot: str, keys: str) -> str:
    """Spans of a rollout for the subjects of `keys` (SELECT of subject_key), the time between them as arm 'before'."""
    gap = "subject_key, from_at, to_at, 'before' AS arm, 0 AS epoch, 0 AS inclusion, NULL::UTINYINT AS bucket"
    return (f"WITH own AS (SELECT subject_key, from_at, to_at, arm, epoch, inclusion, bucket FROM arm_span "
            f"WHERE rollout = {quoted(rollout)} AND subject_key IN ({keys})), "
            f"edges AS (SELECT subject_key, from_at, to_at, "
            f"lag(to_at, 1, {FIRST_INSTANT}) OVER w AS left_at, lead(from_at) OVER w AS right_at FROM own "
            f"WINDOW w AS (PARTITION BY subject_key ORDER BY from_at)) "
            f"SELECT * FROM own UNION ALL "
            f"SELECT {gap.replace('from_at, to_at', 'left_at, from_at', 1)} FROM edges WHERE left_at < from_at "
            f"UNION ALL SELECT {gap.replace('from_at, to_at', f'to_at, {LAST_INSTANT}', 1)} FROM edges "
            f"WHERE right_at IS NULL AND to_at < {LAST_INSTANT}")


def attributed_sql(rollout: str, slot: str, counted: str, spans: str) -> str:
    """Rows of the relation `counted` that concern a rollout, with the arm of the span of `spans` that covers them."""
    return (f"SELECT {quoted(rollout)} AS rollout, coalesce(s.epoch, 0) AS epoch, "
            f"coalesce(s.inclusion, 0) AS inclusion, coalesce(s.arm, 'unattributed') AS arm, s.bucket AS bucket, "
            f"{CARRIED} FROM {counted} AS e LEFT JOIN {spans} AS s ON s.subject_key = e.{slot} "
            f"AND e.occurred_at >= s.from_at AND e.occurred_at < s.to_at WHERE e.{slot} IS NOT NULL")


def whole_store_sql(counted: str) -> str:
    """Every row of `counted` once, for the rollups of the whole store (rollout '')."""
    return (f"SELECT '' AS rollout, 0 AS epoch, 0 AS inclusion, 'all' AS arm, NULL::UTINYINT AS bucket, "
            f"{CARRIED} FROM {counted} AS e")
