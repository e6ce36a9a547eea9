"""tail_span: the spans of whoever did something in the last hours, so that the live tail costs what the tail holds.

Keys are hashes, so looking some thousand subjects up in `arm_span` reads all of it, and that grows with everybody who
was ever exposed. Here their spans stand again, with the time between them as arm 'before' and with 'unattributed' for
those who have none: every instant of a subject that is here has its row. Whoever is not here yet (he came since the
last pass) is looked up in `arm_span`, so an answer never depends on how far this table has come.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from rollout_core.metrics.event import Kind
from rollout_core.storage.event_insert import literal
from rollout_core.storage.event_tables import event_table
from rollout_core.storage.window_rollups import Joined, joined_rollouts
from rollout_core.storage.window_sources import FIRST_INSTANT, LAST_INSTANT, Stretch, quoted, spans_sql

KEPT = timedelta(hours=2)
"""Subjects with an event in this time before the watermark are followed, and those who come after."""
ANEW_AFTER = timedelta(hours=3)
"""When the followed time has become this long, the table begins anew with KEPT."""
COLUMNS = "subject_key, from_at, to_at, arm, epoch, inclusion, bucket"


def follow_tail(cursor: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """Takes in whoever came with the batches since the last pass. `until`: where windows end now, naive UTC."""
    known = cursor.execute("SELECT reached_at, batch FROM watermark WHERE name = 'tail'").fetchall()
    newest = cursor.execute("SELECT coalesce(max(batch), 0) FROM batch_token").fetchall()[0][0]
    since, batch = known[0] if known else (None, 0)
    if since is None or until - since > ANEW_AFTER:
        drop_tail(cursor)
        since, batch = until - KEPT, 0
    elif newest <= batch:
        return
    for joined in joined_rollouts(cursor):
        _take_in(cursor, joined, _newcomers_sql(joined, since, batch))
    cursor.execute("DELETE FROM watermark WHERE name = 'tail'")
    cursor.execute("INSERT INTO watermark VALUES ('tail', ?, ?)", [since, newest])


def renew_tail(cursor: duckdb.DuckDBPyConnection) -> None:
    """Reads the spans of followed subjects anew that stand in temp.novel: theirs have just been changed."""
    cursor.execute("CREATE OR REPLACE TEMP TABLE stale AS SELECT DISTINCT rollout, subject_key FROM tail_span "
                   "SEMI JOIN novel USING (rollout, subject_key)")
    if cursor.execute("SELECT 1 FROM stale LIMIT 1").fetchall():
        cursor.execute("DELETE FROM tail_span USING stale WHERE tail_span.rollout = stale.rollout "
                       "AND tail_span.subject_key = stale.subject_key")
        for joined in joined_rollouts(cursor):
            _take_in(cursor, joined, f"SELECT subject_key FROM stale WHERE rollout = {quoted(joined.rollout)}")
    cursor.execute("DROP TABLE temp.stale")


def drop_tail(cursor: duckdb.DuckDBPyConnection) -> None:
    """Forgets the table's content; the next pass begins anew."""
    cursor.execute("DELETE FROM tail_span")
    cursor.execute("DELETE FROM watermark WHERE name = 'tail'")


def tail_spans_sql(rollout: str, slot: str, keys: str, stretch: Stretch) -> str:
    """As `spans_sql`: SELECT of spans, among them all of the subjects of `keys` that touch the stretch. It is worth its
    while where most of them did something in the followed time."""
    followed = (f"(SELECT {COLUMNS} FROM tail_span WHERE rollout = {quoted(rollout)} "
                f"AND to_at > {literal(stretch.since)} AND from_at < {literal(stretch.until)})")
    others = (f"SELECT asked.subject_key FROM ({keys}) AS asked(subject_key) "
              f"ANTI JOIN {followed} AS followed USING (subject_key)")
    return f"SELECT * FROM {followed} UNION ALL SELECT * FROM ({spans_sql(rollout, slot, others)})"


def _newcomers_sql(joined: Joined, since: datetime, batch: int) -> str:
    """SELECT of the subjects of batches after `batch` with an event since `since` that are not followed yet."""
    keys = " UNION ".join(f"SELECT {joined.slot} AS subject_key FROM {event_table(kind)} WHERE batch > {int(batch)} "
                          f"AND occurred_at >= {literal(since)} AND {joined.slot} IS NOT NULL" for kind in Kind)
    return (f"SELECT subject_key FROM ({keys}) ANTI JOIN (SELECT subject_key FROM tail_span "
            f"WHERE rollout = {quoted(joined.rollout)}) USING (subject_key)")


def _take_in(cursor: duckdb.DuckDBPyConnection, joined: Joined, keys: str) -> None:
    """Inserts the spans of these subjects, and 'unattributed' for all time for those who have none."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE arriving AS {keys}")
    if cursor.execute("SELECT 1 FROM arriving LIMIT 1").fetchall():
        rollout = quoted(joined.rollout)
        cursor.execute(f"INSERT INTO tail_span SELECT {rollout}, {COLUMNS} FROM "
                       f"({spans_sql(joined.rollout, joined.slot, 'SELECT subject_key FROM arriving')})")
        cursor.execute(f"INSERT INTO tail_span SELECT {rollout}, subject_key, {FIRST_INSTANT}, {LAST_INSTANT}, "
                       f"'unattributed', 0, 0, NULL FROM arriving ANTI JOIN (SELECT subject_key FROM tail_span "
                       f"WHERE rollout = {rollout}) USING (subject_key)")
    cursor.execute("DROP TABLE temp.arriving")
