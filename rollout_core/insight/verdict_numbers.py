"""What the number of a verdict is, in words that stand beside it: of what, per what, and which way up."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.analysis.verdict import Verdict
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.verdict_words import SPLIT_KEY
from rollout_core.metrics.catalog import CATALOG, HIGHER, Metric
from rollout_core.metrics.formula import PerActive, Percentile, TelemetryRatio

MINUS = "with it minus without it"


@dataclass(frozen=True, slots=True)
class Told:
    """`noun`: what is counted. `about`: words after the number. `turned`: the verdict is positive where treatment is
    worse and lower is worse, so that with it minus without it has the other sign."""

    noun: str = "subjects"
    about: str = ""
    turned: bool = False


NOTHING_TOLD = Told()


def told_of(verdict: Verdict, *, criterion: bool = False, error_basis: str = "requests") -> Told:
    """What stands beside a verdict's number. `error_basis` is the plan's: what its error rate is counted in."""
    if verdict.key == SPLIT_KEY:
        return Told("newcomers", "of what was planned for treatment")
    key, mark, number = parts_of(verdict.metric)
    metric = CATALOG.get(key)
    if metric is None:
        return NOTHING_TOLD
    noun = _noun(metric, error_basis)
    if isinstance(metric.formula, Percentile):
        return Told(noun, _slow(metric, metric.formula, mark, number, noun))
    if verdict.scale != "difference":
        return Told(noun, "as often as without it" if verdict.scale == "ratio" else "")
    beyond = "beyond the target, compared with those without it"
    return Told(noun, f"{_per(metric)}{beyond if criterion else MINUS}", not criterion and metric.direction == HIGHER)


def _slow(metric: Metric, formula: Percentile, mark: str, number: int, noun: str) -> str:
    """Percentiles are judged by how many are slower than a value that does not move."""
    if mark == "#":
        limit = f"{number / formula.per:g}{' ms' if metric.unit == 'ms' else ''}"
        return f"of {noun} above {limit}; under {1 - formula.share:.0%} is asked"
    usual = f"of {noun} slower than the usual p{formula.share * 100:g}"
    if mark == "@":
        return f"{usual}, with it by over {number / 1000:.0%}, minus without it"
    return f"{usual}, {MINUS}"


def _noun(metric: Metric, error_basis: str) -> str:
    """What the evidence of a metric is counted in: rates per active day are judged per session."""
    if isinstance(metric.formula, TelemetryRatio):
        return "exposures"
    if isinstance(metric.formula, PerActive):
        return "sessions"
    return error_basis if metric.key == "error_rate" else metric.noun


def _per(metric: Metric) -> str:
    if isinstance(metric.formula, TelemetryRatio):
        return "sessions per exposure, "
    if metric.unit in ("number", "minutes") and isinstance(metric.formula, PerActive):
        return "per session, "
    return ""
