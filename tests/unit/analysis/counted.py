"""Evidence as a sweep would have counted it, made from rates without any randomness."""

from rollout_core.analysis.evidence import (
    ArmTotals,
    ClusterSums,
    Evidence,
    Exposures,
    FirstEvents,
    MetricEvidence,
    PairedCounts,
    Stratum,
)

HALF = Stratum(1, 50_000)


def paired(rate_treatment, rate_control, *, hours=48, per_hour=100, stratum=HALF, metric="errors"):
    """Every hour `per_hour` subjects per arm, failing exactly at the given rates."""
    n, column = per_hour, tuple(range(hours))
    blocks = PairedCounts((0,) * hours, column, (round(rate_treatment * n),) * hours, (n,) * hours,
                          (round(rate_control * n),) * hours, (n,) * hours)
    return MetricEvidence(metric, (stratum,), blocks=blocks, baseline=rate_control)


def summed(rate_treatment, rate_control, *, per_bucket=100, buckets=128, stratum=HALF, metric="errors"):
    """Every bucket `per_bucket` events per arm; failures alternate around the rate, the arms in turn."""
    def bad(rate, odd):
        return tuple(max(round(rate * per_bucket) + (1 if b % 2 == odd else -1), 0) for b in range(buckets))
    d = ((per_bucket,) * buckets,)
    sums = ClusterSums(d, (bad(rate_treatment, 1),), d, (bad(rate_control, 0),))
    return MetricEvidence(metric, (stratum,), sums=sums, baseline=rate_control)


def firsts(events_treatment, events_control, at_risk=(500, 500), *, stratum=HALF, hours=20, metric="errors"):
    """The same first events every hour among the same subjects at risk."""
    rows = FirstEvents((0,) * hours, tuple(range(hours)), (events_treatment,) * hours, (events_control,) * hours,
                       (at_risk[0],) * hours, (at_risk[1],) * hours)
    return MetricEvidence(metric, (stratum,), firsts=rows, baseline=0.02)


def totals(metric="adoption", scores=(), **fields):
    """One arm's totals in one epoch."""
    return MetricEvidence(metric, treatment=(ArmTotals(1, **fields),), scores=scores)


def check(*metrics, epoch=1, exposures=None, restart_epoch=1):
    """One sweep's evidence."""
    return Evidence(epoch, exposures or Exposures((50,) * 24, (50,) * 24, (50_000,) * 24), metrics, restart_epoch)
