"""Guardrails are judged together, and each as if it stood alone."""

from dataclasses import replace

import numpy as np
import pytest

from rollout_core.analysis import turner
from rollout_core.analysis.evidence import ClusterSums, Evidence, Exposures, FirstEvents, MetricEvidence, Stratum
from rollout_core.analysis.judge import judge
from rollout_core.analysis.policy import DifferenceGuardrail, Direction, Policy
from rollout_core.analysis.verdict import Status, Verdict
from tests.unit.analysis.counted import firsts, paired, summed

STRATA = (Stratum(1, 10_000), Stratum(2, 50_000), Stratum(2, 2_000))


def two_epochs(name: str, *, bad: int, buckets: int = 128) -> MetricEvidence:
    """Sums in three strata, of which the clustered kernel may use two, with the days before and the last ones."""
    def sums(scale: int, worse: int) -> ClusterSums:
        d = tuple(tuple(scale * (20 + (7 * b + k) % 5) for b in range(buckets)) for k in range(len(STRATA)))
        x = tuple(tuple((b + k) % 3 for b in range(buckets)) for k in range(len(STRATA)))
        return ClusterSums(d, tuple(tuple(v + worse * (b % 2) for b, v in enumerate(row)) for row in x), d, x)
    return MetricEvidence(name, STRATA, sums=sums(10, bad), before=sums(3, 0), recent=sums(1, 2 * bad), baseline=0.02)


def by_hours(metric: MetricEvidence, rows: FirstEvents) -> MetricEvidence:
    """The same with first events, since the start and by epoch."""
    return replace(metric, firsts=rows, firsts_in_epoch=rows)


ROWS = FirstEvents((0, 1, 2, 1, 0), (410, 420, 420, 440, 455), (3, 9, 2, 5, 1), (20, 4, 60, 1, 9),
                   (100, 500, 20, 490, 90), (900, 500, 980, 490, 800))
METRICS = (
    two_epochs("sums", bad=0), two_epochs("harm", bad=3), two_epochs("few_units", bad=1, buckets=40),
    by_hours(two_epochs("firsts", bad=1), ROWS), by_hours(MetricEvidence("only_firsts", STRATA), ROWS),
    replace(two_epochs("first_day", bad=0), before=None, recent=None), paired(0.08, 0.02, metric="paired"),
    replace(paired(0.03, 0.05, hours=7, metric="late"), blocks_in_epoch=paired(0.09, 0.05, hours=9).blocks),
    summed(0.5, 0.4, metric="half"), firsts(3, 2, metric="steady"), MetricEvidence("nothing", STRATA))
RULES = tuple(DifferenceGuardrail(f"{metric.metric}_{worse}_{ratio}", metric.metric, mde, worse, ratio)
              for metric in METRICS for worse in Direction for ratio, mde in ((1.0, 0.01), (1.3, 0.03)))


def numbers(verdict: Verdict) -> list[float]:
    """What a verdict says in numbers; nan where it says nothing."""
    said = (verdict.log_e, verdict.estimate, verdict.lower, verdict.upper, verdict.score, verdict.information)
    return [np.nan if each is None else each for each in said]


@pytest.mark.parametrize("restart", [1, 2])
def test_each_is_judged_as_if_it_stood_alone(restart: int) -> None:
    evidence = Evidence(2, Exposures(), METRICS, restart, recent_day=20, recent_hour=430)
    together = judge(evidence, Policy(guardrails=RULES)).guardrails
    statuses = set()
    for rule, found in zip(RULES, together, strict=True):
        alone = judge(evidence, Policy(guardrails=(rule,))).guardrails[0]
        assert (found.key, found.metric, found.scale, found.kernel, found.reason, found.n_treatment) == (
            alone.key, alone.metric, alone.scale, alone.kernel, alone.reason, alone.n_treatment)
        assert numbers(found) == pytest.approx(numbers(alone), rel=1e-12, abs=1e-12, nan_ok=True), found.key
        statuses.add(alone.status)
    assert statuses >= {Status.WORSE, Status.WATCHING, Status.NO_DATA}, "all kinds were compared"


def test_tables_of_several_guardrails_keep_their_past_apart() -> None:
    rng = np.random.default_rng(3)
    tables = []
    for rows in (40, 1, 25):
        hours, strata, n = np.sort(rng.integers(0, 12, rows)), rng.integers(0, 3, rows), rng.integers(1, 30, rows)
        tables.append((rng.binomial(n, 0.2), n, strata, hours, rng.uniform(0.01, 0.3)))
    number = np.repeat(np.arange(3), [len(table[0]) for table in tables])
    x, n, strata, hours = (np.concatenate([table[place] for table in tables]) for place in range(4))
    together = turner.predictable_rate(x, n, strata, hours, np.array([table[4] for table in tables])[number], number)
    assert together == pytest.approx(np.concatenate([turner.predictable_rate(*table) for table in tables]), rel=1e-14)
