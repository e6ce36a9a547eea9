"""Run by a Python that has gbstats 0.8.0 (which pins pandas 1.5.3, so it needs an environment of its own):

    python3.11 -m venv /tmp/gb && /tmp/gb/bin/pip install gbstats==0.8.0
    /tmp/gb/bin/python tests/statistics/oracle_gbstats.py > tests/statistics/gbstats_half_widths.json

Prints half-widths of its two-sided sequential test; `test_anchors.py` holds the re-coded formula against them.
"""

from __future__ import annotations

import json

from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import ProportionStatistic

CASES = [(10, 500, 12, 480), (100, 5000, 130, 5200), (5, 60, 9, 2000), (4000, 200000, 4100, 199000), (90, 300, 60, 310)]


def half_width(x_c: int, n_c: int, x_t: int, n_t: int) -> float:
    """Of the absolute difference, in gbstats' own words."""
    config = SequentialConfig(difference_type="absolute", alpha=0.05, sequential_tuning_parameter=5000)
    test = SequentialTwoSidedTTest(ProportionStatistic(sum=x_c, n=n_c), ProportionStatistic(sum=x_t, n=n_t), config)
    low, high = test.confidence_interval
    return (high - low) / 2


print(json.dumps([{"counts": case, "half_width": half_width(*case)} for case in CASES], indent=1))
