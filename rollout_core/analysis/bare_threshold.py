"""What a bare threshold costs: the chance that a healthy service crosses it by accident within a time.

For plans that choose the seeds' rule (`decide: threshold`) all the same. Windows are taken as independent and outcomes
as independent within a window: correlated errors make it worse, never better.
"""

from __future__ import annotations

import math

from scipy.special import bdtr, bdtrc


def false_alarm_rate(rate: float, threshold: float, per_window: int, windows: int, *, above: bool = True) -> float:
    """Chance that any of `windows` windows of `per_window` outcomes lies beyond the threshold at a true rate (0..1).

    `above`: beyond means a share above the threshold, else one below it. 2 % errors, threshold 5 %, a week of hours:
    93 % at 100 requests an hour, 35 % at 200.
    """
    if per_window <= 0 or windows <= 0:
        return 0.0
    edge = threshold * per_window
    # A hair of slack: 5 % of 60 is 3, not 3.0000000000000004.
    if above:
        once = float(bdtrc(math.floor(edge + 1e-9), per_window, rate))
    else:
        last = math.ceil(edge - 1e-9) - 1
        once = float(bdtr(last, per_window, rate)) if last >= 0 else 0.0
    return -math.expm1(windows * math.log1p(-once)) if once < 1.0 else 1.0
