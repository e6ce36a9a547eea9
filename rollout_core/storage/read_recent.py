"""Answers RecentSums: the cluster-bucket sums of the last days."""

from __future__ import annotations

from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import RecentSums
from rollout_core.storage.read_evidence import COMPARED, SIDE
from rollout_core.storage.reader import Reader


def recent_sums(reader: Reader, question: RecentSums) -> Rows:
    """One row a stratum and side, as BucketSums; only the days asked for are read."""
    return reader.rows(
        f"WITH cell AS (SELECT metric, epoch, inclusion, {SIDE} AS side, bucket, sum(d) AS d, sum(x) AS x, "
        "sum(x_capped) AS x_capped FROM agg_bucket WHERE rollout = $rollout AND day >= $since::DATE "
        f"AND epoch IN (SELECT unnest($epochs)) AND metric IN (SELECT unnest($metrics)) AND {COMPARED} GROUP BY ALL) "
        "SELECT metric, epoch, inclusion, side, list(bucket::INTEGER) AS buckets, list(d::HUGEINT) AS d, "
        "list(x::HUGEINT) AS x, list(x_capped::HUGEINT) AS x_capped FROM cell GROUP BY ALL "
        "ORDER BY metric, epoch, inclusion, side",
        {"rollout": question.rollout, "since": question.since_day.isoformat(), "epochs": list(question.epochs),
         "metrics": list(question.metrics)})
