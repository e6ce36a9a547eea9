"""How much more is needed for a decision, and how likely it comes by a given time. For planning and display only.

Planning constants: information to decide with probability 50/80/90 %, in units of I80 (statistics by simulation, flat
for effects of 0.75 to 4 MDE).

What is believed of the effect: N(0, (3·MDE)²) before the data, and as often, where a concurrent control was measured
by the same yardstick, that treatment differs from it by N(0, (MDE/2)²) only; the data weigh the two. Given N(m, 1/P)
now, the later mean is m plus a Brownian motion at time 1/P − 1/(P + d) after d more information, and the score is its
(P + d)-fold less what was believed before: when the score first stands above the boundary is the first passage of a
Brownian motion over a given curve, found from P(W_t ≥ g(t)) = ∫ Φ̄((g(t) − g(s))/√(t − s)) dF(s) (Fortet's equation;
Peskir, "On integral equations arising in the first-passage problem for Brownian motion", 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from rollout_core.analysis import mixture
from rollout_core.analysis.numbers import Floats, Numbers, floats
from rollout_core.analysis.verdict import Need

CONSTANTS = {1: (1.1, 1.95, 2.5), 4: (1.6, 2.65, 3.3), 8: (1.9, 3.0, 3.6)}
"""Guardrails that share the budget -> information for 50, 80, 90 %, in I80."""

PROBABILITIES = (0.5, 0.8, 0.9)
_PRIOR_WIDTH, _USUAL_CHANGE = 3.0, 0.5
"""Standard deviations, in MDE: of an effect of which nothing is known, and of a usual difference from control."""

_STEPS = 40
_FAR = np.geomspace(1e-3, 1e5, 64)
"""Further information looked at for the need, in what is known already."""


def planning_constant(probability: float, guardrails: int = 1) -> float:
    """c in `information = c·I80` for a decision with probability 0.5, 0.8 or 0.9; between K by log K, beyond 8 on."""
    column = PROBABILITIES.index(probability)
    log_k = np.log(list(CONSTANTS))
    values = [constants[column] for constants in CONSTANTS.values()]
    wanted = np.log(max(guardrails, 1))
    if wanted <= log_k[-1]:
        return float(np.interp(wanted, log_k, values))
    slope = (values[-1] - values[-2]) / (log_k[-1] - log_k[-2])
    return float(values[-1] + slope * (wanted - log_k[-1]))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a proof stands: score and information (> 0) of the effect, positive towards the proof; the test's MDE and
    the log e it needs; score and information of control's own value against the same target (0, 0: not measured)."""

    score: float
    information: float
    mde: float
    log_level: float
    control: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Belief:
    """One part of what is believed of an effect: N(mean, 1/precision), by its weight."""

    weight: float
    mean: float
    precision: float


def posterior(score: float, information: float, mde: float) -> tuple[float, float]:
    """Mean and standard deviation of the effect given the evidence, under the N(0, (3·MDE)²) prior."""
    precision = information + 1.0 / (_PRIOR_WIDTH * mde) ** 2
    return score / precision, precision**-0.5


def believed(now: Standing) -> tuple[Belief, ...]:
    """What is believed of the effect: the posterior of each prior, weighted by how well it foresaw what was seen."""
    wide = 1.0 / (_PRIOR_WIDTH * now.mde) ** 2
    score, information = now.control
    priors = [(0.0, wide)]
    if information > 0.0:
        spread = 1.0 / (information + wide) + (_USUAL_CHANGE * now.mde) ** 2
        priors.append((score / (information + wide), 1.0 / spread))
    means, precisions = (np.array(column) for column in zip(*priors, strict=True))
    spreads = 1.0 / now.information + 1.0 / precisions
    log_weights = -0.5 * np.log(spreads) - 0.5 * (now.score / now.information - means) ** 2 / spreads
    weights = np.exp(log_weights - log_weights.max())
    later = precisions + now.information
    return tuple(Belief(float(weight), float(mean), float(precision)) for weight, mean, precision in zip(
        weights / weights.sum(), (now.score + means * precisions) / later, later, strict=True))


def chance_by(now: Standing, further: Numbers, beliefs: Sequence[Belief] | None = None) -> Floats:
    """Chance that the score has stood above the boundary at some time before `further` information (rising, > 0) came;
    same shape. 1 where it does now."""
    ahead = floats(further)
    if now.score >= float(mixture.boundary(now.information, now.mde, now.log_level)):
        return np.ones(ahead.shape)
    parts = believed(now) if beliefs is None else beliefs
    return floats(np.sum([part.weight * _passage(now, part, ahead) for part in parts], axis=0))


def chance_within(now: Standing, further: float) -> float:
    """The same for one amount of further information (> 0)."""
    return float(chance_by(now, further * np.arange(1, _STEPS + 1) / _STEPS)[-1])


def _passage(now: Standing, belief: Belief, ahead: Floats) -> Floats:
    """First passage under one belief, piece by piece: what crosses in an interval does so in its middle."""
    middle = 0.5 * (np.concatenate(([0.0], ahead[:-1])) + ahead)
    known = belief.mean * belief.precision - now.score

    def clock(d: Floats) -> Floats:
        return 1.0 / belief.precision - 1.0 / (belief.precision + d)

    def curve(d: Floats) -> Floats:
        edge = mixture.boundary(now.information + d, now.mde, now.log_level)
        return (edge + known) / (belief.precision + d) - belief.mean
    heights, times = curve(ahead), clock(ahead)
    since = times[:, None] - clock(middle)[None, :]
    climb = heights[:, None] - curve(middle)[None, :]
    above = np.where(since > 0.0, ndtr(-climb / np.sqrt(np.maximum(since, 1e-300))), 0.0)
    crossed = np.linalg.solve(above, ndtr(-heights / np.sqrt(times)))
    return floats(np.clip(np.cumsum(np.maximum(crossed, 0.0)), 0.0, 1.0))


def need(now: Standing, n: int, per_hour: float | None = None) -> Need | None:
    """What is missing until it is settled, proven or proven not to be so, at the information per subject seen so far.

    None without any subjects or information.
    """
    if now.information <= 0.0 or n <= 0:
        return None
    beliefs = believed(now)
    ahead = _FAR * max(part.precision for part in beliefs)
    otherwise = replace(now, score=-now.score)
    settled = chance_by(now, ahead, beliefs) + chance_by(otherwise, ahead, [
        replace(part, mean=-part.mean) for part in beliefs])
    half, most = (int(np.ceil(_when(settled, ahead, p) * n / now.information)) for p in (0.5, 0.9))
    return Need(half, most, *(count / per_hour if per_hour else None for count in (half, most)))


def _when(chances: Floats, ahead: Floats, probability: float) -> float:
    """The information after which a rising chance reaches a probability; the last looked at where it does not."""
    return float(np.exp(np.interp(probability, np.maximum.accumulate(chances), np.log(ahead))))


def expected_extra_harm(score: float, information: float, mde: float, exposures: float) -> float:
    """E[max(θ, 0)]·exposures of the next phase, from the same posterior. Advice for people, never a rule."""
    mean, deviation = posterior(score, information, mde)
    z = mean / deviation
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return float((mean * ndtr(z) + deviation * density) * exposures)
