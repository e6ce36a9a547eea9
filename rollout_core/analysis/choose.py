"""Which kernel may speak: automatic, from what was counted and from the configured shares, never from the outcomes.

The clustered (asymptotic) kernel sees every event but errs in .058 to .077 of harmless rollouts at skewed shares. The
exact kernel is valid at any share and count but sees one outcome per subject. Where the smaller arm has at least 10 %
both speak, half the budget each (the mean of two e-values is one); below, only the exact one; and where that was not
counted the verdict is advice. Small counts need no rule of their own: the clustered kernel says e = 1 until its burn-in
is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from rollout_core.analysis.evidence import Stratum
from rollout_core.analysis.numbers import Floats, Numbers, floats

SMALLEST_SHARE = 0.10
"""Below this share of the smaller arm the clustered kernel never acts."""


class Kernel(StrEnum):
    """Who speaks. ADVISORY: the clustered kernel alone at a skewed share, or no valid test: never acts."""

    EXACT = "exact"
    CLUSTERED = "clustered"
    BOTH = "both"
    ADVISORY = "advisory"
    NONE = "none"


def choose(strata: Iterable[Stratum], *, exact: bool, clustered: bool) -> Kernel:
    """The kernel for evidence from these strata, given which statistics were counted."""
    shares = [stratum.smaller_share for stratum in strata if stratum.smaller_share > 0.0]
    balanced = clustered and any(share >= SMALLEST_SHARE for share in shares)
    if not shares:
        return Kernel.NONE
    table = {(True, True): Kernel.BOTH, (True, False): Kernel.EXACT, (False, True): Kernel.CLUSTERED}
    return table.get((exact, balanced), Kernel.ADVISORY if clustered else Kernel.NONE)


def combine(kernel: Kernel, exact: Numbers, clustered: Numbers) -> Floats:
    """log e of the chosen kernel from those of both; shapes broadcast."""
    if kernel is Kernel.BOTH:
        return floats(np.logaddexp(floats(exact), floats(clustered)) - np.log(2.0))
    if kernel is Kernel.EXACT:
        return floats(exact)
    return floats(clustered) if kernel is not Kernel.NONE else floats(0.0)
