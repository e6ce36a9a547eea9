"""How much more is needed for a decision, and how likely it comes by a given time. For planning and display only.

Planning constants: information to decide with probability 50/80/90 %, in units of I80 (statistics by simulation, flat
for effects of 0.75 to 4 MDE). Closed form: the posterior of the effect under a N(0, (3·MDE)²) prior is N(μ, 1/(V+κ)),
κ = 1/(3·MDE)²; after further information d the score is N(S + μ·d, d + d²/(V+κ)).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from rollout_core.analysis import mixture
from rollout_core.analysis.numbers import Floats, Numbers, floats
from rollout_core.analysis.verdict import Need

CONSTANTS = {1: (1.1, 1.95, 2.5), 4: (1.6, 2.65, 3.3), 8: (1.9, 3.0, 3.6)}
"""Guardrails that share the budget -> information for 50, 80, 90 %, in I80."""

PROBABILITIES = (0.5, 0.8, 0.9)
_PRIOR_WIDTH = 3.0
_STRIDES = 1.5 ** np.arange(np.ceil(10 * np.log(10) / np.log(1.5)))
"""From a ten-thousandth to a million I80."""
_ROUNDS, _POINTS = 5, 65


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


def posterior(score: float, information: float, mde: float) -> tuple[float, float]:
    """Mean and standard deviation of the effect given the evidence, under the N(0, (3·MDE)²) prior."""
    precision = information + 1.0 / (_PRIOR_WIDTH * mde) ** 2
    return score / precision, precision**-0.5


def probability_of_crossing(score: Numbers, information: Numbers, further: Numbers, mde: float,
                            log_level: float) -> Floats:
    """Chance that the score stands above the boundary once `further` information has come. Broadcasts."""
    s, v, d = floats(score), floats(information), np.maximum(floats(further), 1e-12)
    precision = v + 1.0 / (_PRIOR_WIDTH * mde) ** 2
    edge = mixture.boundary(v + d, mde, log_level)
    return floats(ndtr((s + s / precision * d - edge) / np.sqrt(d + d**2 / precision)))


def further_information(score: float, information: float, effect: float, mde: float,
                        goal: tuple[float, float]) -> float | None:
    """The further information after which a true `effect` (> 0) is proven; `goal` = (log level, probability).

    None when that would take more than a million I80.
    """
    log_level, probability = goal
    slack = float(ndtri(probability))

    def decided(d: Floats) -> NDArray[np.bool_]:
        edge = mixture.boundary(information + d, mde, log_level)
        return np.asarray(score + effect * d - slack * np.sqrt(d) >= edge)

    unit = float(mixture.fixed_horizon_information(effect))
    return _first(decided, unit * 1e-4 * _STRIDES)


def _first(holds: Callable[[Floats], NDArray[np.bool_]], strides: Floats) -> float | None:
    """The first stride at which it holds, narrowed down many points at a time: numpy costs the same for one."""
    found = holds(strides)
    if not found.any():
        return None
    place = int(np.argmax(found))
    low, high = strides[max(place - 1, 0)], strides[place]
    for _ in range(_ROUNDS):
        points = np.linspace(low, high, _POINTS)
        place = int(np.argmax(holds(points)))
        low, high = points[max(place - 1, 0)], points[place]
    return float(high)


def need(score: float, information: float, n: int, mde: float, log_level: float,
         per_hour: float | None = None) -> Need | None:
    """What is missing until a proof in the direction of positive scores, at the information per subject seen so far.

    Assumes the posterior mean when it is at least half an MDE, else the MDE. None without any information.
    """
    if information <= 0.0 or n <= 0:
        return None
    mean = posterior(score, information, mde)[0]
    observed = mean >= 0.5 * mde
    effect = mean if observed else mde
    found = [further_information(score, information, effect, mde, (log_level, p)) for p in (0.5, 0.9)]
    if found[0] is None or found[1] is None:
        return None
    half, most = (int(np.ceil(d * n / information)) for d in (found[0], found[1]))
    most = max(most, half)
    hours = [count / per_hour if per_hour else None for count in (half, most)]
    return Need(half, most, hours[0], hours[1], effect, at_observed=observed)


def expected_extra_harm(score: float, information: float, mde: float, exposures: float) -> float:
    """E[max(θ, 0)]·exposures of the next phase, from the same posterior. Advice for people, never a rule."""
    mean, deviation = posterior(score, information, mde)
    z = mean / deviation
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return float((mean * ndtr(z) + deviation * density) * exposures)
