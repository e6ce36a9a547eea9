"""The error budget: at most 5 % of harmless rollout versions are ever touched by an automatic guardrail.

Split over the K guardrails that act (weights, default equal): each needs an e-value of 1/(α·share). Within a
guardrail 70 % belongs to the evidence since the version began, and 30 %·1/(j(j−1)) to the j-th epoch alone (j ≥ 2),
because later phases switch on new things; the series sums to 30 % whatever the number of epochs. The e-value of a
guardrail is the weighted mean of those e-processes, epochs that have not begun counting 1: a mean of e-processes is one
itself, and it alarms no later than testing each of them at its own split level would.

Why 70:30 and not half and half: measured, half and half needs 1.31 n80 for 1 % -> 2 % from the first hour and finds a
harm that begins in the third epoch after 1.84 I80; 70:30 gives 1.20 and 2.01 (300 runs each, seed 5).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rollout_core.analysis.numbers import LOWEST_LOG_E, Floats, Numbers, floats

ALPHA = 0.05
SINCE_START = 0.7
"""Weight of the evidence since the version began."""


FIRST_OWN_EPOCH = 2
"""The first epoch alone is the evidence since the start."""


def epoch_weight(ordinal: int) -> float:
    """Weight of the ordinal-th epoch of a version on its own; the first is the evidence since the start."""
    return 0.0 if ordinal < FIRST_OWN_EPOCH else (1.0 - SINCE_START) / (ordinal * (ordinal - 1))


def weight_not_begun(current: int) -> float:
    """What is kept for epochs after the current one: Σ_{j>J} 0.3/(j(j−1)) = 0.3/J."""
    return (1.0 - SINCE_START) / max(current, 1)


def log_e_of_scopes(since_start: Numbers | None, epochs: Mapping[int, Numbers], current: int) -> Floats:
    """One log e from the cumulative one and those of epochs by ordinal; shapes broadcast.

    What an epoch's bet is worth when the epoch ends is staked on the next one together with that one's own share.
    `since_start` None: the evidence since the start was closed by a reduction and no longer counts, nor do epochs that
    are not given.
    """
    total = floats(np.log(weight_not_begun(current)))
    if since_start is not None:
        total = floats(np.logaddexp(total, floats(since_start) + np.log(SINCE_START)))
    staked: Floats | None = None
    for ordinal in sorted(ordinal for ordinal in epochs if ordinal >= FIRST_OWN_EPOCH):
        own = floats(np.log(epoch_weight(ordinal)))
        staked = floats(epochs[ordinal]) + (own if staked is None else np.logaddexp(staked, own))
    if staked is not None:
        total = floats(np.logaddexp(total, staked))
    return np.maximum(total, LOWEST_LOG_E)


RECENT = 0.1
"""Weight of the evidence of the last one or two days alone, where it was counted: a bad release in the middle of a long
phase would else be diluted by all the good days before. It costs the rest log(1/0.9) = 0.1."""

HAZARD = 1.0 / 28.0
"""A day on which harm begins is expected once in four weeks."""


def day_weight(day: int) -> float:
    """Weight of the evidence that begins on the day-th day of a version: half geometric, half 1/(j(j+1)); sums to 1."""
    return 0.5 * HAZARD * (1.0 - HAZARD) ** (day - 1) + 0.5 / (day * (day + 1))


def weight_of_later_days(day: int) -> float:
    """What is kept for the days after it."""
    return 0.5 * (1.0 - HAZARD) ** day + 0.5 / (day + 1)


def with_recent(log_e: Numbers, recent: Numbers, day: int) -> Floats:
    """The mean of all other scopes' e-value and of those that begin with a day. Of these only the present one is looked
    at: what earlier days were worth is left out, which can only make the mean smaller."""
    days = np.logaddexp(floats(recent) + np.log(day_weight(day)), np.log(weight_of_later_days(day)))
    return np.maximum(floats(np.logaddexp(floats(log_e) + np.log(1.0 - RECENT), days + np.log(RECENT))), LOWEST_LOG_E)


def all_needed(weights: Mapping[str, float], alpha: float = ALPHA) -> dict[str, float]:
    """log 1/(α·share) for every guardrail of a version, from the weights of those that may act."""
    total = sum(weights.values())
    return {key: float(-np.log(alpha * (weight / total))) for key, weight in weights.items()}


def log_e_needed(weights: Mapping[str, float], key: str, alpha: float = ALPHA) -> float:
    """log 1/(α·share) for one guardrail of a version whose acting guardrails have these weights."""
    return all_needed(weights, alpha)[key]
