"""One guardrail's case: what was counted for it, which kernel speaks in which scope, and how many were compared."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from rollout_core.analysis.choose import Kernel, choose
from rollout_core.analysis.difference import counting_from, exact_is_counted
from rollout_core.analysis.evidence import Evidence, MetricEvidence, Stratum
from rollout_core.analysis.policy import DifferenceGuardrail
from rollout_core.analysis.summed import Kernels
from rollout_core.analysis.verdict import Status, Verdict


class Case(NamedTuple):
    """A guardrail that can be judged. `kernels` has the whole version (None) first, then every epoch."""

    rule: DifferenceGuardrail
    metric: MetricEvidence
    kernels: Kernels
    n_treatment: int
    n_control: int

    @property
    def acts_at_all(self) -> bool:
        """True unless every scope could only advise."""
        return any(kernel not in (Kernel.ADVISORY, Kernel.NONE) for kernel in self.kernels.values())


def case_of(evidence: Evidence, rule: DifferenceGuardrail) -> Case | Verdict:
    """The case, or NO_DATA with the reason when an arm is empty or nothing was counted."""
    metric = evidence.of(rule.metric)
    if metric is None:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", reason="not_counted")
    metric = counting_from(metric, evidence.restart_epoch)
    n_treatment, n_control = arm_sizes(metric)
    kernels = kernels_of(metric, rule, evidence.epoch)
    missing = _what_is_missing(metric, n_treatment, n_control, kernels[None])
    if missing:
        return Verdict(rule.key, rule.metric, Status.NO_DATA, "difference", n_treatment=n_treatment,
                       n_control=n_control, reason=missing)
    return Case(rule, metric, kernels, n_treatment, n_control)


def kernels_of(metric: MetricEvidence, rule: DifferenceGuardrail, epochs: int) -> Kernels:
    """The kernel of the whole version, and of each of its epochs."""
    exact = exact_is_counted(metric, rule, None), exact_is_counted(metric, rule, 1)
    return _kernels(metric.strata, epochs, exact, metric.sums is not None)


@lru_cache(maxsize=256)
def _kernels(strata: tuple[Stratum, ...], epochs: int, exact: tuple[bool, bool], clustered: bool) -> Kernels:
    found: dict[int | None, Kernel] = {None: choose(strata, exact=exact[0], clustered=clustered)}
    for epoch in range(1, epochs + 1):
        found[epoch] = choose([each for each in strata if each.epoch == epoch], exact=exact[1], clustered=clustered)
    return MappingProxyType(found)


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
        return metric.why_not
    if kernel is Kernel.NONE:
        return "no_control"
    if n_treatment == 0 and n_control == 0:
        return "no_events"
    return "no_treatment" if n_treatment == 0 else "no_control" if n_control == 0 else ""
