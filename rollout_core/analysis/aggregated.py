"""Sums handed over instead of events: n, mean and variance per arm, cumulative, look by look. Pure.

th = mean_T − mean_C, se² = var_T/n_T + var_C/n_C, V = 1/se², S = th·V: the same information time as everywhere. Two
tests are run, each valid however often somebody looks, each at alpha over all looks:

* with a smallest effect worth finding (`mde`): the guardrails' half-normal mixtures, one for each direction at alpha/2;
* without one: the two-sided normal mixture |th| ≥ se·√((1 + 1/r)·log((r + 1)/α²)), r = n·ρ², ρ² = (−2·log α + log(1 −
  2·log α))/N*, tightest at N* = 5,000 subjects: equations 9 and 161 of arXiv 2103.06476v7 (the bound of gbstats 0.8.0).

Variances are taken as given: subjects are counted as independent, which whoever made the sums has to answer for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rollout_core.analysis import mixture
from rollout_core.analysis.numbers import Floats

TUNED_AT = 5_000
"""Subjects at which the two-sided bound is tightest."""

NAIVE = 1.96
"""The z that a fixed-horizon 5 % test asks for, once."""

FEWEST = 30
"""Subjects per arm before anything is said."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything up to one time (in hours from anywhere)."""

    hours: float
    n_treatment: float
    n_control: float
    mean_treatment: float
    mean_control: float
    variance_treatment: float
    variance_control: float


@dataclass(frozen=True, slots=True)
class StreamVerdict:
    """`status`: differs (proven at some look) | undecided | no_data. `direction` +1 treatment higher, −1 lower, 0.

    `decided_hours`: the look at which a sweep would have known; `estimate`, `lower`, `upper` are of the last look,
    `log_e` of the best one. `naive_any` and `naive_last`: |z| > 1.96 at some look, and at the last.
    """

    status: str
    looks: int
    direction: int = 0
    decided_hours: float | None = None
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    log_e: float | None = None
    naive_any: bool = False
    naive_last: bool = False


def judge_stream(looks: Sequence[Look], mde: float | None = None, alpha: float = 0.05) -> StreamVerdict:
    """Rehearses one stream look by look; `mde` in the metric's own unit."""
    usable = [look for look in looks if _usable(look)]
    if not usable:
        return StreamVerdict("no_data", len(looks))
    n_t, n_c = (np.array([getattr(look, name) for look in usable]) for name in ("n_treatment", "n_control"))
    difference = np.array([look.mean_treatment - look.mean_control for look in usable])
    error = np.sqrt(np.array([look.variance_treatment for look in usable]) / n_t
                    + np.array([look.variance_control for look in usable]) / n_c)
    width = half_width(error, n_t + n_c, alpha) if mde is None else mixture.half_width(error, mde, alpha / 2.0)
    proven = np.abs(difference) >= width
    first = int(np.argmax(proven)) if proven.any() else None
    at = first if first is not None else len(usable) - 1
    naive = np.abs(difference) > NAIVE * error
    return StreamVerdict(
        "undecided" if first is None else "differs", len(usable), 0 if first is None else int(np.sign(difference[at])),
        None if first is None else usable[at].hours, float(difference[-1]), float(difference[-1] - width[-1]),
        float(difference[-1] + width[-1]), _log_e(difference, error, mde), bool(naive.any()), bool(naive[-1]))


def _usable(look: Look) -> bool:
    numbers = (look.n_treatment, look.n_control, look.mean_treatment, look.mean_control, look.variance_treatment,
               look.variance_control)
    return (all(np.isfinite(numbers)) and min(look.n_treatment, look.n_control) >= FEWEST
            and look.variance_treatment + look.variance_control > 0.0)


def half_width(error: Floats, subjects: Floats, alpha: float) -> Floats:
    """Half of the two-sided always-valid interval at these standard errors and numbers of subjects."""
    tuned = (-2.0 * np.log(alpha) + np.log(1.0 - 2.0 * np.log(alpha))) / TUNED_AT
    mixed = subjects * tuned
    return np.asarray(error * np.sqrt((1.0 + 1.0 / mixed) * np.log((mixed + 1.0) / alpha**2)), dtype=np.float64)


def _log_e(difference: Floats, error: Floats, mde: float | None) -> float | None:
    """The mean e-value of both directions at its highest; None for the bound without one."""
    if mde is None:
        return None
    information = 1.0 / error**2
    higher, lower = (mixture.log_e(sign * difference * information, information, mde) for sign in (1.0, -1.0))
    return float(np.max(np.logaddexp(higher, lower) - np.log(2.0)))
