"""One log e for "treatment is worse" per guardrail: from all scopes, by the kernels that speak there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from rollout_core.analysis import budget, clustered
from rollout_core.analysis.case import Case
from rollout_core.analysis.choose import Kernel, combine
from rollout_core.analysis.clustered import Estimate
from rollout_core.analysis.difference import tables_of
from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.grid import POINTS, UNIT_GRID
from rollout_core.analysis.numbers import Floats, log_mean_exp
from rollout_core.analysis.summed import Asked, estimates


def estimates_of(cases: Sequence[Case]) -> Estimate:
    """The clustered estimates (cases, scopes): since the start, each epoch alone, and last the last days."""
    whole = estimates([Asked(case.rule, case.metric, case.metric.sums, case.kernels) for case in cases],
                      len(cases[0].kernels))
    lately = estimates([Asked(case.rule, case.metric, case.metric.recent, {None: case.kernels[None]})
                        for case in cases], 1)
    return Estimate(*(np.concatenate((getattr(whole, each.name), getattr(lately, each.name)), axis=1)
                      for each in fields(Estimate)))


def harm_log_e(evidence: Evidence, cases: Sequence[Case], found: Estimate) -> Floats:
    """log e (cases,) from the evidence since the start, that of each epoch alone and that of the last days.

    `found` are the clustered estimates (cases, scopes) of `estimates_of`.
    """
    mde = np.array([case.rule.mde for case in cases])[:, None]
    exact, sums = _exact_log_e(cases, evidence.recent_hour), clustered.log_e_worse(found, mde)
    scopes = _spoken(cases, exact, sums)
    epochs = {epoch: scopes[:, epoch] for epoch in range(max(2, evidence.restart_epoch), evidence.epoch + 1)}
    log_e = budget.log_e_of_scopes(scopes[:, 0] if evidence.restart_epoch <= 1 else None, epochs, evidence.epoch)
    if evidence.recent_day > 1:
        log_e = budget.with_recent(log_e, scopes[:, -1], evidence.recent_day)
    return np.broadcast_to(log_e, len(cases))


def _exact_log_e(cases: Sequence[Case], recent_hour: int) -> Floats:
    """log e of the exact kernel, (cases, scopes); 0 where its rows were not counted."""
    epochs = [scope for scope in cases[0].kernels if scope is not None]
    likelihood = np.zeros((len(cases), len(epochs) + 2, POINTS))
    for own, (whole, by_epoch) in zip(likelihood, tables_of([case[:2][::-1] for case in cases]), strict=True):
        if whole is not None:
            own[0] = whole.gains.sum(axis=0)
        if by_epoch is not None:
            own[1:] = by_epoch.scopes(epochs, recent_hour)
    return log_mean_exp(likelihood, UNIT_GRID.log_weights)


def _spoken(cases: Sequence[Case], exact: Floats, sums: Floats) -> Floats:
    """log e of every scope by its kernel, (cases, scopes); the last days' is the whole version's.

    Advisory scopes count only when there are no others: where one may act, nothing invalid is mixed in.
    """
    chosen = [[*case.kernels.values(), case.kernels[None]] for case in cases]
    found = np.zeros(exact.shape)
    for kernel in (Kernel.BOTH, Kernel.EXACT, Kernel.CLUSTERED, Kernel.ADVISORY):
        own = np.array([[each is kernel for each in row] for row in chosen])
        if kernel is Kernel.ADVISORY:
            own &= np.array([not case.acts_at_all for case in cases])[:, None]
        found = np.where(own, combine(kernel, exact, sums), found)
    return found
