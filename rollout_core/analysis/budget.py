"""The error budget: at most 5 % of harmless rollout versions are ever touched by an automatic guardrail.

Split over the K guardrails that act (weights, default equal): each needs an e-value of 1/(α·share). Within a
guardrail one half belongs to the evidence since the version began, and ½·1/(j(j−1)) to the j-th epoch alone (j ≥ 2),
because later phases switch on new things; the series sums to ½ whatever the number of epochs. The e-value of a
guardrail is the weighted mean of those e-processes, epochs that have not begun counting 1: a mean of e-processes is one
itself, and it alarms no later than testing each of them at its own split level would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rollout_core.analysis.numbers import LOWEST_LOG_E, Floats, Numbers, floats

ALPHA = 0.05
SINCE_START = 0.5
"""Weight of the evidence since the version began."""


def epoch_weight(ordinal: int) -> float:
    """Weight of the ordinal-th epoch of a version on its own; the first is the evidence since the start."""
    return 0.0 if ordinal < 2 else (1.0 - SINCE_START) / (ordinal * (ordinal - 1))


def weight_not_begun(current: int) -> float:
    """What is kept for epochs after the current one: Σ_{j>J} ½/(j(j−1)) = ½/J."""
    return (1.0 - SINCE_START) / max(current, 1)


def log_e_of_scopes(since_start: Numbers | None, epochs: Mapping[int, Numbers], current: int) -> Floats:
    """One log e from the cumulative one and those of epochs by ordinal; shapes broadcast.

    `since_start` None: the evidence since the start was closed by a reduction and no longer counts, nor do epochs that
    are not given.
    """
    terms = [floats(np.log(weight_not_begun(current)))]
    if since_start is not None:
        terms.append(floats(since_start) + np.log(SINCE_START))
    terms += [floats(value) + np.log(epoch_weight(j)) for j, value in epochs.items() if epoch_weight(j) > 0.0]
    total = terms[0]
    for term in terms[1:]:
        total = np.logaddexp(total, term)
    return np.maximum(floats(total), LOWEST_LOG_E)


def log_e_needed(weights: Mapping[str, float], key: str, alpha: float = ALPHA) -> float:
    """log 1/(α·share) for one guardrail of a version whose acting guardrails have these weights."""
    share = weights[key] / sum(weights.values())
    return float(-np.log(alpha * share))
