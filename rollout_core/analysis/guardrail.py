"""Guardrails: is treatment proven worse than concurrent control, proven not worse than tolerated, or neither yet?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import budget, clustered, mixture, tilt
from rollout_core.analysis.choose import Kernel, combine
from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.difference import (
    FIRST_COLUMNS,
    GainTable,
    baseline_of,
    counting_from,
    exact_tables,
    kernel_of,
    log_ratio_grid,
    recent_of,
    rows_of,
    scope_estimates,
    sums_parts,
)
from rollout_core.analysis.evidence import Evidence, FirstEvents, MetricEvidence
from rollout_core.analysis.policy import DifferenceGuardrail, Direction, Policy
from rollout_core.analysis.stratified import blocks_estimate
from rollout_core.analysis.verdict import Status, Verdict, bounded

INTERVAL_ALPHA = 0.05
"""Each bound of an interval errs with this probability, over all looks together."""


class Interval(NamedTuple):
    """An estimate with its bounds on a scale; nan where there is none."""

    scale: str
    estimate: float
    lower: float
    upper: float
    tolerated: float


def judge_guardrail(evidence: Evidence, policy: Policy, rule: DifferenceGuardrail) -> Verdict:
    """The verdict about one guardrail. WORSE needs log e ≥ log(1/(α·share of the budget)); SAFE an upper bound below
    the tolerated margin; NO_DATA when an arm is empty or nothing was counted."""
    metric = evidence.of(rule.metric)
    if metric is None:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", reason="not_counted")
    metric = counting_from(metric, evidence.restart_epoch)
    n_treatment, n_control = arm_sizes(metric)
    kernel = kernel_of(metric, rule, None)
    missing = _what_is_missing(metric, n_treatment, n_control, kernel)
    if missing:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", n_treatment=n_treatment,
                       n_control=n_control, reason=missing)
    kernels = kernels_of(metric, rule, range(1, evidence.epoch + 1))
    acts = rule.acts and acts_at_all(kernels)
    needed = budget.log_e_needed(policy.acting_weights(), rule.key, policy.alpha_pause) if rule.acts else float(
        -np.log(policy.alpha_watch))
    ready = prepare(metric, rule, kernels)
    log_e, found = harm_log_e(evidence, ready, rule), interval(ready, rule)
    score, information = _spoken(ready.since_start)
    safe = np.isfinite(found.upper) and found.upper <= found.tolerated
    status = Status.WORSE if log_e >= needed else Status.SAFE if safe else Status.WATCHING
    return Verdict(rule.key, rule.metric, status, found.scale, bounded(found.estimate), bounded(found.lower),
                   bounded(found.upper), log_e, needed, n_treatment, n_control, kernel.value, acts,
                   reason="" if acts or not rule.acts else "share_too_skewed", score=score, information=information)


def _spoken(found: Estimate | None) -> tuple[float, float]:
    """Score and information of an estimate that speaks already, else nothing."""
    if found is None or not bool(found.ready):
        return 0.0, 0.0
    return float(found.score), float(found.information)


Kernels = Mapping[int | None, Kernel]
"""Which kernel speaks in each scope: None is the whole version, a number one epoch alone."""


def kernels_of(metric: MetricEvidence, rule: DifferenceGuardrail, epochs: Iterable[int]) -> Kernels:
    """The kernel of the whole version, and of each epoch."""
    return {scope: kernel_of(metric, rule, scope) for scope in (None, *epochs)}


def acts_at_all(kernels: Kernels) -> bool:
    """True unless every scope could only advise."""
    return any(kernel not in (Kernel.ADVISORY, Kernel.NONE) for kernel in kernels.values())


class Prepared(NamedTuple):
    """A metric's counts in the form the kernels read, and the clustered estimates of its scopes (scopes,), in the order
    of `kernels`: computed once a check. `since_start` is the first of them, None where the exact kernel speaks alone.
    """

    metric: MetricEvidence
    kernels: Kernels
    tables: tuple[GainTable | None, GainTable | None]
    clustered: Estimate | None
    since_start: Estimate | None


def prepare(metric: MetricEvidence, rule: DifferenceGuardrail, kernels: Kernels) -> Prepared:
    """Everything that the evidence and the interval of one guardrail share."""
    found = scope_estimates(metric, sums_parts(metric, rule), rule, kernels)
    since_start = None
    if found is not None and kernels[None] is not Kernel.EXACT and found.information[0]:
        since_start = found.at(0)
    return Prepared(metric, kernels, exact_tables(metric, rule), found, since_start)


def harm_log_e(evidence: Evidence, ready: Prepared, rule: DifferenceGuardrail) -> float:
    """One log e for "worse" from the evidence since the start and that of each epoch alone.

    Advisory scopes count only when there are no others: where one may act, nothing invalid is mixed in.
    """
    advisory = not acts_at_all(ready.kernels)
    scopes = {scope: log_e for scope, log_e in _scope_log_e(ready, rule, advisory).items()
              if scope is None or scope >= max(2, evidence.restart_epoch)}
    start = scopes.pop(None)
    epochs = {scope: log_e for scope, log_e in scopes.items() if scope is not None}
    found = budget.log_e_of_scopes(start if evidence.restart_epoch <= 1 else None, epochs, evidence.epoch)
    if evidence.recent_day > 1:
        found = budget.with_recent(found, _recent_log_e(evidence, ready, rule, advisory), evidence.recent_day)
    return float(found)


def _recent_log_e(evidence: Evidence, ready: Prepared, rule: DifferenceGuardrail, advisory: bool) -> float:
    """log e of the last one or two days alone, by the kernel of the whole version."""
    kernel, by_epoch = ready.kernels[None], ready.tables[1]
    if kernel is Kernel.NONE or (kernel is Kernel.ADVISORY and not advisory):
        return 0.0
    exact = by_epoch.log_e_since(evidence.recent_hour) if by_epoch is not None else 0.0
    recent = recent_of(ready.metric)
    found = None if recent is None or kernel is Kernel.EXACT else scope_estimates(
        recent, sums_parts(recent, rule), rule, {None: kernel})
    sums = 0.0 if found is None else float(clustered.log_e_worse(found, rule.mde)[0])
    return float(combine(kernel, exact, sums))


def _scope_log_e(ready: Prepared, rule: DifferenceGuardrail, advisory: bool) -> dict[int | None, float]:
    """log e of every scope by its kernel."""
    own = [scope for scope in ready.kernels if scope is not None]
    whole, by_epoch = ready.tables
    start = [whole.path(None).last() if whole is not None else 0.0]
    exact = [*start, *(by_epoch.last_of(own) if by_epoch is not None and own else [0.0] * len(own))]
    sums = clustered.log_e_worse(ready.clustered, rule.mde) if ready.clustered is not None else [0.0] * len(exact)
    found = {}
    for (scope, kernel), by_rows, by_sums in zip(ready.kernels.items(), exact, sums, strict=True):
        silent = kernel is Kernel.NONE or (kernel is Kernel.ADVISORY and not advisory)
        found[scope] = 0.0 if silent else float(combine(kernel, by_rows, by_sums))
    return found


def interval(ready: Prepared, rule: DifferenceGuardrail) -> Interval:
    """The effect with its confidence sequence: clustered where it may speak, else from the exact kernel's rows."""
    metric, found = ready.metric, ready.since_start
    if found is None and metric.firsts is not None:
        return _ratio_interval(metric, rule, metric.firsts)
    rows = metric.blocks or metric.blocks_in_epoch
    if found is None and rows is not None:
        found = blocks_estimate(metric, rows, rule, newest_only=metric.blocks is None)
    return difference_interval(found, rule)


def difference_interval(found: Estimate | None, rule: DifferenceGuardrail) -> Interval:
    """Estimate ± the mixture's half-width, harm positive; nan before the burn-in."""
    if found is None or not bool(found.ready):
        return Interval("difference", np.nan, np.nan, np.nan, rule.tolerated)
    width = float(mixture.half_width(found.error, rule.mde, INTERVAL_ALPHA))
    centre = float(found.difference)
    return Interval("difference", centre, centre - width, centre + width, rule.tolerated)


def _ratio_interval(metric: MetricEvidence, rule: DifferenceGuardrail, rows: FirstEvents) -> Interval:
    """The rate ratio (treatment to control; turned round where lower is worse) by inverting the tilt."""
    x_t, x_c, n_t, n_c = rows_of(metric, rows, FIRST_COLUMNS)
    share = tilt.share_at_risk(n_t, n_c)
    expected = (x_t + x_c) * share
    lower, upper = tilt.log_ratio_interval((x_t, x_c), share, log_ratio_grid(metric, rule), INTERVAL_ALPHA)
    against = float(np.sum((x_t + x_c) * (1.0 - share) * (share > 0.0)))
    hits, misses = float(x_t.sum()), float(x_c.sum())
    seen = hits / max(float(expected.sum()), 1e-9) * against / max(misses, 0.5) if hits + misses else np.nan
    ratio, low, high = seen, float(np.exp(lower)), float(np.exp(upper))
    if rule.worse is Direction.LOWER:
        ratio, low, high = 1.0 / max(ratio, 1e-9), 1.0 / high if high > 0.0 else np.inf, 1.0 / max(low, 1e-300)
    allowed = rule.tolerated_ratio if rule.worse is Direction.HIGHER else 1.0 / rule.tolerated_ratio
    return Interval("ratio", ratio, low, high, allowed * (1.0 + rule.tolerated / baseline_of(metric, rule)))


def arm_sizes(metric: MetricEvidence) -> tuple[int, int]:
    """How many subjects (or denominators) each arm has in the strata in which both have any, from the richest
    statistics that were counted; in all of them while none has both."""
    if metric.sums is None and metric.blocks is None and metric.blocks_in_epoch is None:
        firsts = metric.firsts
        return (0, 0) if firsts is None else (
            max(firsts.at_risk_treatment, default=0), max(firsts.at_risk_control, default=0))
    sizes = _sizes(metric)
    both = sizes[(sizes > 0).all(axis=1)]
    treatment, control = (both if len(both) else sizes).sum(axis=0).tolist()
    return treatment, control


def _sizes(metric: MetricEvidence) -> np.ndarray:
    """Treatment's and control's size by stratum, (strata, 2)."""
    if metric.sums is not None:
        sides = (metric.sums.d_treatment, metric.sums.d_control)
        return np.array([[sum(row) for row in side] for side in sides], np.int64).T
    blocks, sizes = metric.blocks or metric.blocks_in_epoch, np.zeros((len(metric.strata), 2), np.int64)
    if blocks is not None and blocks.stratum:
        np.add.at(sizes, np.asarray(blocks.stratum), np.array([blocks.n_treatment, blocks.n_control]).T)
    return sizes


def _what_is_missing(metric: MetricEvidence, n_treatment: int, n_control: int, kernel: Kernel) -> str:
    if all(part is None for part in (metric.sums, metric.blocks, metric.blocks_in_epoch, metric.firsts)):
        return "not_counted"
    if kernel is Kernel.NONE:
        return "no_control"
    if n_treatment == 0 and n_control == 0:
        return "no_events"
    return "no_treatment" if n_treatment == 0 else "no_control" if n_control == 0 else ""
