"""The adaptive ramp of a plan with a risk budget: which rung exposure may climb to within its phase. Pure.

The ramp takes the steps between what is served and the phase's percentage; from phase to phase gates decide as ever.
What a subject costs is its first error since the version began, where it has a concurrent control: in an audience taken
whole nobody can tell extra errors from usual ones.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from rollout_core.analysis import tilt
from rollout_core.analysis.difference import FIRST_COLUMNS, baseline_of
from rollout_core.analysis.evidence import Evidence, MetricEvidence
from rollout_core.analysis.numbers import Floats, integers
from rollout_core.analysis.policy import DifferenceGuardrail
from rollout_core.analysis.ramp import (
    RELEASE_LOG_E,
    RampAdvice,
    RampPolicy,
    RampState,
    advise,
    release_gain,
    stalls,
    upper_bound,
)
from rollout_core.analysis.verdict import Verdict
from rollout_core.rollouts.plan import WHOLE, Guardrail, Plan
from rollout_core.rollouts.rollout import Rollout

HOUR, SECONDS = timedelta(hours=1), 3600
DAY = 24
"""Hours whose errors say how many come in one."""


def guarded_by(plan: Plan) -> Guardrail | None:
    """The guardrail on errors, whose margin the ramp has to exclude."""
    return next((rule for rule in plan.guardrails
                 if rule.metric == plan.health.error_metric and not rule.relative), None)


def ramp_policy(plan: Plan) -> RampPolicy | None:
    """The plan's ramp; None without a risk budget or a guardrail on errors with an absolute margin."""
    budget, rule = plan.autopilot.risk_budget_errors, guarded_by(plan)
    return None if budget is None or rule is None or rule.margin <= 0.0 else RampPolicy(budget)


def budget_needed(plan: Plan) -> float | None:
    """The budget with which the ramp would not stand still at its ceiling, when the plan's is smaller."""
    policy, rule = ramp_policy(plan), guarded_by(plan)
    return None if policy is None or rule is None else stalls(policy, 1.0 + rule.margin / plan.health.error_target)


def entry_share(plan: Plan, share: int, served: int) -> int:
    """The share (buckets) with which a phase of this share is entered: with a ramp, what is served already or the first
    rung, from where the ramp goes on."""
    policy = ramp_policy(plan)
    return share if policy is None else min(share, max(served, round(policy.ladder[0] * WHOLE)))


def climb(plan: Plan, rollout: Rollout, evidence: Evidence, errors: Verdict | None, now: datetime) -> RampAdvice | None:
    """The ramp's advice; None where the plan has no ramp, or errors are not counted by their first ones yet."""
    policy, rule = ramp_policy(plan), guarded_by(plan)
    if policy is None or rule is None or errors is None or rollout.epoch_began_at is None:
        return None
    metric = evidence.of(rule.metric)
    if metric is None or metric.firsts is None or not metric.firsts.hour:
        return None
    rows = _Rows(*(integers(getattr(metric.firsts, column)) for column in ("stratum", "hour", *FIRST_COLUMNS)))
    spent, an_hour = _extra(rows, len(metric.strata))
    on_rung = max((now - rollout.epoch_began_at) / HOUR, 0.0)
    state = RampState(rollout.percentage / WHOLE, on_rung, spent, an_hour, errors.log_e,
                      _released(rows, _tolerated(metric, rule), rollout.phase_entered_at))
    return advise(replace(policy, pause_log_e=errors.log_e_needed), state)


class _Rows(NamedTuple):
    """The columns of FirstEvents as arrays, in the order of time."""

    stratum: np.ndarray
    hour: np.ndarray
    x_t: np.ndarray
    x_c: np.ndarray
    n_t: np.ndarray
    n_c: np.ndarray


def _tolerated(metric: MetricEvidence, rule: Guardrail) -> float:
    """The margin as a ratio of error rates, as the guardrail's own verdict takes it."""
    return 1.0 + rule.margin / baseline_of(metric, DifferenceGuardrail(rule.key, rule.metric, rule.mde))


def _released(rows: _Rows, tolerated: float, entered_at: datetime | None) -> bool:
    """True once harm beyond the margin was excluded: by all hours of the version, and by those since the phase was
    entered as well, which may have switched on something new."""
    gains = release_gain(rows.x_t, rows.x_c, tilt.share_at_risk(rows.n_t, rows.n_c), tolerated)
    since = -np.inf if entered_at is None else entered_at.timestamp() // SECONDS
    return all(bool((np.cumsum(part) >= RELEASE_LOG_E).any()) for part in (gains, gains[rows.hour > since]))


def _extra(rows: _Rows, strata: int) -> tuple[float, float]:
    """Upper bounds of the extra first errors so far, and of those an hour would bring if everybody were treated.

    An hour brings them in the proportion in which it brings usual ones, by those of the last day.
    """
    x_t, x_c = (np.bincount(rows.stratum, column, strata) for column in (rows.x_t, rows.x_c))
    n_t, n_c = _subjects(rows, rows.x_t, rows.n_t, strata), _subjects(rows, rows.x_c, rows.n_c, strata)
    bound = float(upper_bound((x_t, n_t), (x_c, n_c)))
    weights = n_t if n_t.any() else n_c
    usual_rate = float(weights @ ((x_c + 0.5) / (n_c + 1.0)) / max(weights.sum(), 1.0))
    lately = (rows.hour > rows.hour[-1] - DAY) & (rows.n_c > 0)
    hours = min(rows.hour[-1] - rows.hour[0] + 1, DAY)
    usual_an_hour = float((rows.x_c * (rows.n_t + rows.n_c) / np.maximum(rows.n_c, 1))[lately].sum()) / hours
    return bound * float(n_t.sum()), bound / usual_rate * usual_an_hour


def _subjects(rows: _Rows, events: np.ndarray, at_risk: np.ndarray, strata: int) -> Floats:
    """One side's subjects by stratum: the most that were at risk or had theirs already, at any hour with an event."""
    found = np.zeros(strata)
    for place in np.unique(rows.stratum):
        own = rows.stratum == place
        found[place] = (np.cumsum(events[own]) - events[own] + at_risk[own]).max()
    return found
