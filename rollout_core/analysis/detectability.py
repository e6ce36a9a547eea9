"""Before the button: what can a phase show, in how long, at this traffic?

Treated subjects needed = c·I80(harm)·(v_T + v_C·n_T/n_C)·deff, v = p·(1 − p), c the planning constant for the wanted
probability and number of guardrails, deff = 1 + (m − 1)·icc for m correlated events per subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rollout_core.analysis import mixture
from rollout_core.analysis.forecast import planning_constant


@dataclass(frozen=True, slots=True)
class PhaseTraffic:
    """`share` treated (0..1) of `eligible` subjects,
    of whom `arriving_per_hour` (all arms) are first seen each hour."""

    share: float
    eligible: int
    arriving_per_hour: float
    hours: float
    icc: float = 0.0
    events_per_subject: float = 1.0


@dataclass(frozen=True, slots=True)
class Harm:
    """A rate rising from `base` to `risen`."""

    base: float
    risen: float


@dataclass(frozen=True, slots=True)
class Detectability:
    """`treated_needed` for a proof with the wanted probability, `eligible_needed` at this share, `hours_needed` at this
    inflow (None: the population is too small, it never comes), `possible` within the phase's length."""

    treated_needed: int
    eligible_needed: int
    hours_needed: float | None
    possible: bool


def treated_needed(harm: Harm, share: float, probability: float = 0.8, guardrails: int = 1, deff: float = 1.0) -> float:
    """Treated subjects until the harm is proven with this probability (0.5, 0.8 or 0.9)."""
    odds = share / (1.0 - share)
    variance = harm.risen * (1.0 - harm.risen) + harm.base * (1.0 - harm.base) * odds
    information = float(mixture.fixed_horizon_information(harm.risen - harm.base))
    return planning_constant(probability, guardrails) * information * variance * deff


def detectability(phase: PhaseTraffic, harm: Harm, probability: float = 0.8, guardrails: int = 1) -> Detectability:
    """Whether and when a phase can prove this harm. A share of 0 or 1 has no comparison: never."""
    if not 0.0 < phase.share < 1.0:
        return Detectability(0, 0, None, possible=False)
    deff = (1.0 + (phase.events_per_subject - 1.0) * phase.icc) / max(phase.events_per_subject, 1.0)
    treated = treated_needed(harm, phase.share, probability, guardrails, deff)
    eligible = treated / phase.share
    enough = eligible <= phase.eligible and phase.arriving_per_hour > 0.0
    hours = eligible / phase.arriving_per_hour if enough else None
    return Detectability(int(np.ceil(treated)), int(np.ceil(eligible)), hours,
                         possible=hours is not None and hours <= phase.hours)


@dataclass(frozen=True, slots=True)
class Compared:
    """Eligible subjects that enter treatment with the chance `share` (0..1): one stratum of a phase to come."""

    share: float
    eligible: int


def part_needed(strata: Sequence[Compared], harm: Harm, probability: float = 0.8, guardrails: int = 1) -> float:
    """The part of these subjects that has to come, once each, until the harm is proven with this probability.

    Above 1: there are not enough of them. Infinite without anybody to compare. Information adds up over strata:
    V = Σ n / (v_T/s + v_C/(1−s)).
    """
    treated, control = harm.risen * (1.0 - harm.risen), harm.base * (1.0 - harm.base)
    information = sum(each.eligible / (treated / each.share + control / (1.0 - each.share))
                      for each in strata if 0.0 < each.share < 1.0)
    needed = planning_constant(probability, guardrails) * float(
        mixture.fixed_horizon_information(harm.risen - harm.base))
    return needed / information if information > 0.0 else float("inf")


def smallest_rise(phase: PhaseTraffic, base: float, probability: float = 0.8, guardrails: int = 1) -> float | None:
    """The smallest rise of a rate that the phase can prove within its length; None when not even a rise to 100 %."""
    def possible(rise: float) -> bool:
        return detectability(phase, Harm(base, base + rise), probability, guardrails).possible
    low, high = 0.0, 1.0 - base
    if not possible(high):
        return None
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if possible(middle) else (middle, high)
    return high
