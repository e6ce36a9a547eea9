"""Answers Buckets, Exposed, Firsts, SpanCounts and PrePeriod: what variances, sample ratios and covariates need."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time
from typing import Any

from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Buckets, Exposed, Firsts, PrePeriod, Rows, SpanCounts
from rollout_core.storage.day_parts import Row, added
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import listed
from rollout_core.storage.read_settled import settled_days
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted


def buckets(reader: Reader, question: Buckets) -> Rows:
    """Cluster-bucket sums of the days that begin in the window (and its first day)."""
    named = (*(("day",) if question.by_day else ()), "metric", "epoch", "inclusion", "arm", "bucket")
    rows = settled_days(reader, question, question.window, lambda days: reader.rows(_buckets_sql(question, days)).rows)
    return Rows((*named, "d", "x", "x_capped", "x2"), added(rows, len(named)), reader.closed_until_at)


def _buckets_sql(question: Buckets, window: Window) -> str:
    day = "day, " if question.by_day else ""
    return (f"SELECT {day}metric, epoch, inclusion, arm, bucket::INTEGER AS bucket, sum(d)::BIGINT AS d, "
            f"sum(x)::HUGEINT AS x, sum(x_capped)::HUGEINT AS x_capped, sum(x2)::HUGEINT AS x2 FROM agg_bucket "
            f"WHERE rollout = {quoted(question.rollout)} AND metric IN ({listed(question.metrics)}) "
            f"AND day >= {literal(window.since_at)}::DATE AND day < {literal(window.until_at)}"
            f"{_epochs(question.epochs)} GROUP BY ALL")


def exposed(reader: Reader, question: Exposed) -> Rows:
    """Subjects whose first span in an epoch began, per hour and stratum; exposures are in Totals("exposures")."""
    rows = settled_days(reader, question, question.window, lambda hours: reader.rows(
        f"SELECT hour, phase, epoch, inclusion, arm, sum(entered)::BIGINT AS entered FROM exposure_hour "
        f"WHERE rollout = {quoted(question.rollout)} "
        f"AND hour >= date_trunc('hour', {literal(hours.since_at)}) "
        f"AND hour < {literal(hours.until_at)}{_epochs(question.epochs)} GROUP BY ALL ORDER BY ALL").rows)
    return Rows(("hour", "phase", "epoch", "inclusion", "arm", "entered"), rows, reader.closed_until_at)


def firsts(reader: Reader, question: Firsts) -> Rows:
    """First events per hour with how many were still at risk."""
    return reader.rows(
        f"WITH inn AS (SELECT epoch, inclusion, arm, date_trunc('hour', from_at) AS hour, count(*) AS n FROM arm_span "
        f"WHERE rollout = {quoted(question.rollout)} AND entered{_epochs(question.epochs)} GROUP BY ALL), "
        f"hit AS (SELECT metric, epoch, inclusion, arm, date_trunc('hour', first_at) AS hour, count(*) AS n "
        f"FROM subject_first WHERE rollout = {quoted(question.rollout)} AND metric IN ({listed(question.metrics)})"
        f"{_epochs(question.epochs)} GROUP BY ALL), "
        f"grid AS (SELECT DISTINCT m.metric, h.epoch, h.inclusion, h.arm, h.hour "
        f"FROM (SELECT unnest([{listed(question.metrics)}]) AS metric) AS m, "
        f"(SELECT epoch, inclusion, arm, hour FROM inn UNION SELECT epoch, inclusion, arm, hour FROM hit) AS h), "
        f"joined AS (SELECT g.*, coalesce(i.n, 0) AS entered, coalesce(f.n, 0) AS first_events FROM grid AS g "
        f"LEFT JOIN inn AS i USING (epoch, inclusion, arm, hour) "
        f"LEFT JOIN hit AS f USING (metric, epoch, inclusion, arm, hour)) "
        f"SELECT metric, epoch, inclusion, arm, hour, entered::BIGINT AS entered, "
        f"coalesce(sum(entered - first_events) OVER before, 0)::BIGINT AS at_risk, "
        f"first_events::BIGINT AS first_events "
        f"FROM joined WINDOW before AS (PARTITION BY metric, epoch, inclusion, arm ORDER BY hour "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) ORDER BY ALL")


def span_counts(reader: Reader, question: SpanCounts) -> Rows:
    """Subjects by the arm of the span that covers an instant: those of the last midnight, and who came and left since.
    """
    columns, own, at = "arm, epoch, inclusion, phase", quoted(question.rollout), literal(question.at)
    midnight = None if reader.today is None else datetime.combine(reader.today, time(), UTC)
    if midnight is None or question.at < midnight:
        return reader.rows(f"SELECT {columns}, count(*) AS subjects FROM arm_span WHERE rollout = {own} "
                           f"AND from_at <= {at} AND to_at > {at} GROUP BY ALL ORDER BY ALL")
    since = literal(midnight)
    before = reader.settled(("standing", question.rollout), lambda: reader.rows(
        f"SELECT {columns}, count(*) FROM arm_span WHERE rollout = {own} AND from_at < {since} AND to_at >= {since} "
        f"GROUP BY ALL").rows)
    moves = reader.rows(
        f"SELECT {columns}, count(*) FROM arm_span WHERE rollout = {own} AND from_at >= {since} AND from_at <= {at} "
        f"AND to_at > {at} GROUP BY ALL UNION ALL SELECT {columns}, -count(*) FROM arm_span WHERE rollout = {own} "
        f"AND from_at < {since} AND to_at >= {since} AND to_at <= {at} GROUP BY ALL").rows
    counted = Counter[Row]()
    for *key, n in (*before, *moves):
        counted[tuple(key)] += n
    rows = [(*key, n) for key, n in counted.items() if n]
    return Rows((*columns.split(", "), "subjects"), sorted(rows, key=_nulls_last), reader.closed_until_at)


def _nulls_last(row: Row) -> list[tuple[bool, Any]]:
    return [(value is None, value) for value in row]


def pre_period(reader: Reader, question: PrePeriod) -> Rows:
    """The days before, regrouped by the first stratum and arm that their subjects have in each epoch."""
    what = f" AND what = {quoted(question.what)}" if question.what else ""
    return reader.rows(
        f"SELECT s.epoch, s.inclusion, s.arm, s.bucket::INTEGER AS bucket, sum(d.n)::BIGINT AS d, "
        f"sum(d.x)::HUGEINT AS x FROM subject_day AS d JOIN arm_span AS s ON s.subject_key = d.subject_key "
        f"WHERE s.rollout = {quoted(question.rollout)} AND s.entered{_epochs(question.epochs)} AND d.unit = s.unit "
        f"AND d.kind = {quoted(question.kind)}{what} AND d.day >= {literal(question.window.since_at)}::DATE "
        f"AND d.day < {literal(question.window.until_at)} GROUP BY ALL ORDER BY ALL")


def _epochs(epochs: tuple[int, ...]) -> str:
    return f" AND epoch IN ({', '.join(str(int(epoch)) for epoch in epochs)})" if epochs else ""
