"""The adaptive ramp: raise exposure as fast as a budget of extra errors allows, never faster.

In the family of Xu, Duan, Huang ("SQR", KDD 2018) and Li, Mao, Bojinov (NeurIPS 2023). A ladder, a dwell time per rung;
step up only while the extra errors that may have happened, and would happen on the next rung, fit the budget; no higher
than a quarter until harm beyond the margin is excluded.

Two tests share an error of 5 %, for every harm at or beyond the margin (docs/decisions/0009):

* Released is a ramp whose margin is excluded by an e-process that bets on no difference at all (`release_gain`): valid
  at any time (Ville), and the quickest there is where the feature does no harm.
* The budget is overrun by a harm h only when treatment grows past budget/h subjects, once; so each h is looked at once,
  when it is at stake, and the bound of a single look is enough (`upper_bound`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtr, ndtri

from rollout_core.analysis import tilt
from rollout_core.analysis.numbers import Floats, Numbers, floats

RELEASE_ALPHA, STEP_ALPHA = 0.04, 0.01
"""How often harm beyond the margin may be released, and how often the budget may be overrun before that."""

RELEASE_LOG_E = float(-np.log(RELEASE_ALPHA))

WIDEST_BOUND = 0.5
"""An upper bound on a rate difference is never taken above 50 points."""

LIKELY = 0.8
"""A budget fits when a harmless ramp is released within it with this probability."""


@dataclass(frozen=True, slots=True)
class RampPolicy:
    """`budget`: extra errors that may be risked. Shares 0..1, hours. `ceiling`: the highest share before release; each
    extra error risked there tells 1 − share of what it could tell, and a quarter finds out at three quarters of the
    speed of half, at half of the risk.

    `pause_log_e` at log 20: proven harm pauses whatever the budget says.
    """

    budget: float
    ladder: tuple[float, ...] = (0.01, 0.02, 0.05, 0.10, 0.25, 0.50, 0.95)
    dwell_hours: float = 12.0
    ceiling: float = 0.25
    hold_hours: float = 2.0
    pause_log_e: float = float(np.log(20.0))


@dataclass(frozen=True, slots=True)
class RampState:
    """Where the ramp stands: `share` now, hours on this rung; upper bounds of the extra errors so far (`spent`) and of
    those that one hour would bring if everybody were treated (`an_hour`).

    `released`: harm beyond the margin was excluded at some time; from then on only proven harm stops the ramp.
    """

    share: float
    hours_on_rung: float
    spent: float
    an_hour: float
    log_e: float
    released: bool = False

    def risk(self, share: float, hours: float) -> float:
        """Extra errors at the upper bound by the end of some hours at a share."""
        return self.spent + share * self.an_hour * hours


class RampStep(StrEnum):
    """What the ramp does next."""

    PAUSE = "pause"
    HOLD_AND_ASK = "hold_and_ask"
    STAY = "stay"
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True)
class RampAdvice:
    """The step, the share it leads to, and the extra errors risked there at the bound."""

    step: RampStep
    share: float
    risk: float


def advise(policy: RampPolicy, state: RampState) -> RampAdvice:
    """The next step: proven harm pauses; a budget that would be overrun holds at the lowest rung and asks a person."""
    if state.log_e >= policy.pause_log_e:
        return RampAdvice(RampStep.PAUSE, 0.0, 0.0)
    here = state.risk(state.share, policy.hold_hours)
    if here > policy.budget and not state.released:
        return RampAdvice(RampStep.HOLD_AND_ASK, min(policy.ladder[0], state.share), here)
    following = next((share for share in policy.ladder if share > state.share), None)
    if following is None or state.hours_on_rung < policy.dwell_hours:
        return RampAdvice(RampStep.STAY, state.share, here)
    there = state.risk(following, policy.dwell_hours)
    may = state.released or (following <= policy.ceiling and there <= policy.budget)
    step, share = (RampStep.STEP_UP, following) if may else (RampStep.STAY, state.share)
    return RampAdvice(step, share, there)


def release_gain(events_treatment: Numbers, events_control: Numbers, share: Numbers, tolerated: float) -> Floats:
    """log e of "treatment's rate is below `tolerated` (> 1) times control's" from events and treatment's share of those
    at risk, each (...,); rows add up.

    An event falls in treatment with chance r when nothing differs, and with r·θ/(1 − r + r·θ) at the ratio θ: their
    likelihood ratio. For one yes/no outcome per subject E ≤ exp(N·p·[r((1−r)(1−θ)) + (1−r)·r(θ−1)]) = 1 at the ratio θ
    whatever the base rate p, and less above it.
    """
    moved = tilt.tilted_share(share, np.log(tolerated))
    return tilt.increments(events_treatment, events_control, moved, np.array([-np.log(tolerated)]))[..., 0]


def upper_bound(treatment: tuple[Numbers, Numbers], control: tuple[Numbers, Numbers]) -> Floats:
    """Upper bound of the rise of an error rate from (errors, subjects) per arm, strata on the last axis; good for one
    look, with error STEP_ALPHA.

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
    deviations = -float(ndtri(STEP_ALPHA))
    for _ in range(30):
        u = 0.5 * (low + high)
        p_t = np.clip(p_c + u[..., None], 1e-9, 1.0 - 1e-9)
        variance = (weights**2 * (p_t * (1.0 - p_t) / safe_t + p_c * (1.0 - p_c) / safe_c)).sum(axis=-1)
        excluded = u - difference >= deviations * np.sqrt(variance)
        low, high = np.where(excluded, low, u), np.where(excluded, u, high)
    return floats(np.where(total[..., 0] > 0.0, high, WIDEST_BOUND))


def stalls(policy: RampPolicy, tolerated: float) -> float | None:
    """The budget that the margin, as a ratio of rates, needs when the given one is too small, else None.

    Enough is what a harmless ramp at its ceiling needs to be released with probability LIKELY, were every treated
    subject's harm up to the margin all the while: (θ − 1)·r·n for n events.
    """
    share = policy.ceiling
    needed = (tolerated - 1.0) * share * events_until_release(tolerated, share)
    return None if policy.budget >= needed else needed


def events_until_release(tolerated: float, share: float) -> float:
    """Errors of both arms after which a harmless ramp is released with probability LIKELY, treatment's share being r.

    log e walks with mean m = r·log(r/r_θ) + (1−r)·log((1−r)/(1−r_θ)) and variance v = r(1−r)·log²θ per event; a walk
    has reached a by n with probability Φ((mn−a)/√(vn)) + exp(2ma/v)·Φ(−(mn+a)/√(vn)).
    """
    in_treatment, in_control = (float(gain) for gain in release_gain([1, 0], [0, 1], [share, share], tolerated))
    mean = share * in_treatment + (1.0 - share) * in_control
    variance = share * (1.0 - share) * (in_treatment - in_control) ** 2
    n = RELEASE_LOG_E / mean * np.geomspace(0.1, 10.0, 2_001)
    spread, again = np.sqrt(variance * n), np.exp(2.0 * mean * RELEASE_LOG_E / variance)
    reached = ndtr((mean * n - RELEASE_LOG_E) / spread) + again * ndtr(-(mean * n + RELEASE_LOG_E) / spread)
    return float(n[np.argmax(reached >= LIKELY)])
