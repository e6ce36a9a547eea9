"""The adaptive ramp: raise exposure as fast as a budget of extra errors allows, never faster.

In the family of Xu, Duan, Huang ("SQR", KDD 2018) and Li, Mao, Bojinov (NeurIPS 2023), with an anytime-valid upper
bound U of the harm per subject instead of a posterior. A ladder, a dwell time per rung; step up only while U times
everybody treated by the end of the next rung fits the budget; at most half until the harm is proven below the margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rollout_core.analysis import mixture
from rollout_core.analysis.forecast import planning_constant
from rollout_core.analysis.numbers import Floats, Numbers, floats

WIDEST_BOUND = 0.5
"""An upper bound on a rate difference is never taken above 50 points."""


@dataclass(frozen=True, slots=True)
class RampPolicy:
    """`budget`: extra errors that may be risked. `margin`: harm per subject that is tolerated. Shares 0..1, hours.

    `pause_log_e` at log 20: proven harm pauses whatever the budget says.
    """

    budget: float
    margin: float
    ladder: tuple[float, ...] = (0.01, 0.02, 0.05, 0.10, 0.25, 0.50, 0.95)
    dwell_hours: float = 12.0
    ceiling: float = 0.50
    hold_hours: float = 2.0
    pause_log_e: float = float(np.log(20.0))


@dataclass(frozen=True, slots=True)
class RampState:
    """Where the ramp stands: `share` now, hours on this rung, subjects treated so far, subjects arriving per hour.

    `upper`: 90 % anytime bound of the extra errors per treated subject; `upper_95` the 95 % one, which releases.
    `released`: it once lay below the margin; from then on only proven harm stops the ramp.
    """

    share: float
    hours_on_rung: float
    treated: float
    arriving_per_hour: float
    upper: float
    upper_95: float
    log_e: float
    released: bool = False


class RampStep(StrEnum):
    """What the ramp does next."""

    PAUSE = "pause"
    HOLD_AND_ASK = "hold_and_ask"
    STAY = "stay"
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True)
class RampAdvice:
    """The step, the share it leads to, the extra errors risked there at the bound, and whether it is released."""

    step: RampStep
    share: float
    risk: float
    released: bool = False


def advise(policy: RampPolicy, state: RampState) -> RampAdvice:
    """The next step: proven harm pauses; a budget that would be overrun holds at the lowest rung and asks a person."""
    if state.log_e >= policy.pause_log_e:
        return RampAdvice(RampStep.PAUSE, 0.0, 0.0)
    released = state.released or state.upper_95 <= policy.margin
    upper = min(state.upper, WIDEST_BOUND)
    here = _risk(upper, state, state.share, policy.hold_hours)
    if here > policy.budget and not released:
        return RampAdvice(RampStep.HOLD_AND_ASK, min(policy.ladder[0], state.share), here)
    following = next((share for share in policy.ladder if share > state.share), None)
    if following is None or state.hours_on_rung < policy.dwell_hours:
        return RampAdvice(RampStep.STAY, state.share, here, released)
    there = _risk(upper, state, following, policy.dwell_hours)
    may = released or (following <= policy.ceiling and there <= policy.budget)
    step, share = (RampStep.STEP_UP, following) if may else (RampStep.STAY, state.share)
    return RampAdvice(step, share, there, released)


def _risk(upper: float, state: RampState, share: float, hours: float) -> float:
    return max(upper, 0.0) * (state.treated + share * state.arriving_per_hour * hours)


def upper_bound(treatment: tuple[Numbers, Numbers], control: tuple[Numbers, Numbers], margin: float,
                alpha: float) -> Floats:
    """Anytime upper bound of the rise of an error rate from (errors, subjects) per arm, strata on the last axis.

    Tightest where the margin is about to be excluded, which is where it releases the ramp.

    The variance is taken at the bound itself (treatment at p_C + U): a lucky start does not look certain. Fixed point
    by bisection on U in [0, 50 points]; 50 points where an arm is empty.
    """
    x_t, n_t = (floats(part) for part in treatment)
    x_c, n_c = (floats(part) for part in control)
    both = (n_t > 0) & (n_c > 0)
    safe_t, safe_c = np.where(both, n_t, 1.0), np.where(both, n_c, 1.0)
    raw = np.where(both, safe_t * safe_c / (safe_t + safe_c), 0.0)
    total = raw.sum(axis=-1, keepdims=True)
    weights = raw / np.maximum(total, 1e-300)
    p_c = (x_c + 0.5) / (safe_c + 1.0)
    difference = (weights * (x_t / safe_t - x_c / safe_c)).sum(axis=-1)
    low, high = np.zeros(difference.shape), np.full(difference.shape, WIDEST_BOUND)
    for _ in range(30):
        u = 0.5 * (low + high)
        p_t = np.clip(p_c + u[..., None], 1e-9, 1.0 - 1e-9)
        variance = (weights**2 * (p_t * (1.0 - p_t) / safe_t + p_c * (1.0 - p_c) / safe_c)).sum(axis=-1)
        excluded = u - difference >= mixture.half_width(np.sqrt(np.maximum(variance, 1e-300)), margin, alpha)
        low, high = np.where(excluded, low, u), np.where(excluded, u, high)
    return floats(np.where(total[..., 0] > 0.0, high, WIDEST_BOUND))


def stalls(policy: RampPolicy, base_rate: float, guardrails: int = 1) -> float | None:
    """The budget this margin needs when the given one is too small, else None.

    Release needs about c·I80(margin)·v treated subjects, each of whom may cost up to the margin; with a smaller budget
    the ramp stands still at its ceiling.
    """
    variance = base_rate * (1.0 - base_rate)
    ceiling_odds = policy.ceiling / (1.0 - policy.ceiling) if policy.ceiling < 1.0 else 1.0
    subjects = (planning_constant(0.5, guardrails) * float(mixture.fixed_horizon_information(policy.margin))
                * variance * (1.0 + ceiling_odds))
    needed = subjects * policy.margin
    return None if policy.budget >= needed else needed
